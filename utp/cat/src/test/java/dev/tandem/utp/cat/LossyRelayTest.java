package dev.tandem.utp.cat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That the bad path of the other tests is as bad as it says, and no worse. */
@Timeout(20)
class LossyRelayTest {
    private static final int DATAGRAMS = 100;

    private final DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress());

    LossyRelayTest() throws IOException {}

    @Test
    void passesEverythingInOrderAndBack() throws Exception {
        try (LossyRelay relay = relay(LossyRelay.Faults.NONE, 1)) {
            send(relay);
            List<Integer> arrived = receive(server, DATAGRAMS);
            for (int i = 0; i < DATAGRAMS; i++) {
                assertEquals(i, arrived.get(i));
            }
            server.send(new DatagramPacket(new byte[] {7}, 1, relay.backAddress()));
            assertEquals(List.of(7), receive(client, 1));
            assertEquals(DATAGRAMS + 1, relay.passed());
        }
    }

    @Test
    void dropsDoublesAndReordersAsTheSeedSays() throws Exception {
        LossyRelay.Faults faults = new LossyRelay.Faults(0.1, 0.1, 0.1, 1, 5);
        List<List<Integer>> lost = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            try (LossyRelay relay = relay(faults, 42)) {
                send(relay);
                // Those that are lost are known at once, but only when all have come in.
                while (relay.dropped() + relay.passed() < DATAGRAMS + relay.duplicated()) {
                    Thread.onSpinWait();
                }
                List<Integer> arrived = receive(server, (int) relay.passed());
                assertTrue(relay.dropped() > 0 && relay.heldBack() > 0 && relay.duplicated() > 0, relay.toString());
                assertEquals(DATAGRAMS - relay.dropped() + relay.duplicated(), arrived.size(), relay.toString());
                assertNotEquals(arrived.stream().sorted().toList(), arrived, relay.toString());
                List<Integer> missing = new ArrayList<>();
                for (int i = 0; i < DATAGRAMS; i++) {
                    if (!arrived.contains(i)) {
                        missing.add(i);
                    }
                }
                assertEquals(relay.dropped(), missing.size(), relay.toString());
                lost.add(missing);
            }
        }
        assertEquals(lost.get(0), lost.get(1));
    }

    @Test
    void letsNothingThroughOnceClosed() throws Exception {
        LossyRelay relay = relay(LossyRelay.Faults.NONE, 1);
        InetSocketAddress address = relay.address();
        relay.close();
        client.send(new DatagramPacket(new byte[1], 1, address));
        server.setSoTimeout(100);
        assertThrows(SocketTimeoutException.class, () -> server.receive(new DatagramPacket(new byte[1], 1)));
        // The port is free again.
        new DatagramSocket(address).close();
    }

    private LossyRelay relay(LossyRelay.Faults faults, long seed) throws IOException {
        return new LossyRelay((InetSocketAddress) server.getLocalSocketAddress(), faults, seed);
    }

    private void send(LossyRelay relay) throws IOException {
        for (int i = 0; i < DATAGRAMS; i++) {
            client.send(new DatagramPacket(new byte[] {(byte) i}, 1, relay.address()));
        }
    }

    private static List<Integer> receive(DatagramSocket socket, int count) throws IOException {
        socket.setSoTimeout(5_000);
        List<Integer> values = new ArrayList<>();
        DatagramPacket packet = new DatagramPacket(new byte[1], 1);
        while (values.size() < count) {
            socket.receive(packet);
            values.add((int) packet.getData()[0]);
        }
        return values;
    }
}
