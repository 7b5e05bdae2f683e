package dev.tandem.utp.emulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** One direction between two devices that hold whole packets, as TUN devices do; time is what the test says. */
class DirectionTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private final Queue<byte[]> arriving = new ArrayDeque<>();
    private final List<byte[]> passed = new ArrayList<>();
    private long now = 5 * SECOND;

    @Test
    void passesPacketsInOrder() throws Exception {
        Direction direction = direction("");
        byte[] first = packet(TCP, 100);
        byte[] second = packet(UDP, 1_500);
        pass(direction, first, second);
        assertEquals(2, passed.size());
        assertArrayEquals(first, passed.get(0));
        assertArrayEquals(second, passed.get(1));
    }

    @Test
    void blocksUdpAloneAndPassesItAgain() throws Exception {
        Direction direction = direction("");
        direction.blockUdp(true);
        pass(direction, packet(UDP, 100), packet(TCP, 200), packet6(UDP, 300), packet6(TCP, 400));
        assertEquals(List.of(200, 400), passed.stream().map(each -> each.length).toList());
        assertTrue(direction.stats().contains("\"blocked\":2,"), direction.stats());
        direction.blockUdp(false);
        pass(direction, packet(UDP, 100));
        assertEquals(3, passed.size());
    }

    @Test
    void blocksTcpAlone() throws Exception {
        Direction direction = direction("");
        direction.blockTcp(true);
        pass(direction, packet(UDP, 100), packet(TCP, 200), packet6(UDP, 300), packet6(TCP, 400));
        assertEquals(List.of(100, 300), passed.stream().map(each -> each.length).toList());
        assertTrue(direction.stats().contains("\"udpBytes\":400,"), direction.stats());
    }

    @Test
    void resetsTcpBehindWhatIsOnItsWay() throws Exception {
        Direction direction = direction("delay=1s");
        pass(direction, packet(TCP, 100));
        direction.resetTcp();
        pass(direction);
        assertEquals(List.of(100, 40), passed.stream().map(each -> each.length).toList());
    }

    /** 1,000 bytes take one millisecond at this rate: the third waits two, and the fourth finds the queue full. */
    @Test
    void countsWhatWaitsAndWhatTheQueueDrops() throws Exception {
        Direction direction = direction("rate=8M,queue=2000");
        pass(direction, packet(UDP, 1_000), packet(UDP, 1_000), packet(UDP, 1_000), packet(UDP, 1_000));
        String stats = direction.stats();
        assertTrue(stats.contains("\"sent\":4,"), stats);
        assertTrue(stats.contains("\"droppedByQueue\":1,"), stats);
        assertTrue(stats.contains("\"queued\":3,\"queueingNanos\":3000000,"), stats);
        assertTrue(stats.contains("\"queueingMillis\":{\"0\":1,\"1\":1,\"2\":1}"), stats);
        assertEquals(3, passed.size());
    }

    @Test
    void takesAnotherPathFromNowOn() throws Exception {
        Direction direction = direction("mtu=500");
        pass(direction, packet(UDP, 501));
        direction.change(PathSpec.parse("mtu=501"));
        pass(direction, packet(UDP, 501));
        assertEquals(1, passed.size());
        assertTrue(direction.stats().contains("\"droppedByMtu\":1,"), direction.stats());
    }

    @Test
    void aDeviceThatTakesNothingEndsNothing() throws Exception {
        Direction direction = new Direction(device(), refusing(), PathSpec.parse(""), 1, () -> now);
        pass(direction, packet(TCP, 100));
        assertTrue(direction.stats().contains("\"refused\":1,"), direction.stats());
    }

    @Test
    void answersEachCommandWithALine() {
        Control control = new Control(direction(""), direction(""));
        assertTrue(control.answer("stats").startsWith("{\"forward\":{\"sent\":0,"));
        assertEquals("ok", control.answer("forward delay=1ms"));
        assertEquals("ok", control.answer("back loss=1%"));
        assertEquals("ok", control.answer("udp block"));
        assertEquals("ok", control.answer("tcp block"));
        assertEquals("ok", control.answer("tcp reset"));
        assertEquals("error: path: 'x': there is no such part", control.answer("forward x"));
        assertEquals(
                "error: commands are stats, forward PATH, back PATH, udp block, udp pass, tcp block, tcp pass, tcp reset",
                control.answer("udp maybe"));
    }

    private Direction direction(String path) {
        return new Direction(device(), taking(), PathSpec.parse(path), 1, () -> now);
    }

    /** Takes the packets at this time, and hands on what is due a second later. */
    private void pass(Direction direction, byte[]... packets) throws Exception {
        arriving.addAll(List.of(packets));
        direction.read();
        now += SECOND;
        while (direction.writeOne(ByteBuffer.allocate(2_000))) {}
    }

    private static byte[] packet(int protocol, int size) {
        byte[] packet = new byte[size];
        packet[0] = 0x45;
        packet[9] = (byte) protocol;
        return packet;
    }

    private static byte[] packet6(int protocol, int size) {
        byte[] packet = new byte[size];
        packet[0] = 0x60;
        packet[6] = (byte) protocol;
        return packet;
    }

    private ReadableByteChannel device() {
        return new Device() {
            @Override
            public int read(ByteBuffer buffer) {
                byte[] packet = arriving.poll();
                if (packet == null) {
                    return -1;
                }
                buffer.put(packet);
                return packet.length;
            }
        };
    }

    private WritableByteChannel taking() {
        return new Device() {
            @Override
            public int write(ByteBuffer packet) {
                byte[] bytes = new byte[packet.remaining()];
                packet.get(bytes);
                passed.add(bytes);
                return bytes.length;
            }
        };
    }

    private static WritableByteChannel refusing() {
        return new Device() {};
    }
}
