package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Records on a channel: cut anywhere, cut off, altered. */
class SealedRecordHandlerTest {
    private final List<Object> events = new ArrayList<>();
    private final PairingKeys keys = keys();
    private final EmbeddedChannel client = new EmbeddedChannel(new SealedRecordHandler(
            new SealedRecords(keys.clientToServer(), keys.serverToClient()), new byte[] {1, 2, 3}));
    private final EmbeddedChannel server = server();

    private static PairingKeys keys() {
        return LinkKeys.derive((label, length) -> new byte[length], new byte[32])
                .pairing(0);
    }

    private EmbeddedChannel server() {
        PairingKeys own = keys();
        return new EmbeddedChannel(
                new SealedRecordHandler(new SealedRecords(own.serverToClient(), own.clientToServer()), null),
                new ChannelInboundHandlerAdapter() {
                    @Override
                    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                        events.add(event);
                    }
                });
    }

    private byte[] sealed(byte[]... plaintexts) {
        for (byte[] plaintext : plaintexts) {
            client.writeOutbound(Unpooled.copiedBuffer(plaintext));
        }
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf next = client.readOutbound(); next != null; next = client.readOutbound()) {
            all.writeBytes(next);
            next.release();
        }
        return ByteBufUtil.getBytes(all);
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void thePrefixComesOnceAndRecordsBehindIt() {
        byte[] first = sealed(bytes(10));
        assertEquals(3 + 10 + SealedRecords.OVERHEAD, first.length);
        assertArrayEquals(new byte[] {1, 2, 3}, new byte[] {first[0], first[1], first[2]});
        assertEquals(10 + SealedRecords.OVERHEAD, sealed(bytes(10)).length);
    }

    @Test
    void recordsMayBeCutAnywhere() {
        byte[] all = sealed(bytes(1), bytes(5000), bytes(SealedRecords.MAX_PLAINTEXT), bytes(7));
        for (int step : new int[] {1, 2, 17, 1400, 30_000}) {
            EmbeddedChannel fresh = server();
            ByteBuf got = Unpooled.buffer();
            int records = 0;
            for (int at = 3; at < all.length; at += step) {
                fresh.writeInbound(Unpooled.copiedBuffer(all, at, Math.min(step, all.length - at)));
                for (ByteBuf next = fresh.readInbound(); next != null; next = fresh.readInbound()) {
                    got.writeBytes(next);
                    next.release();
                    records++;
                }
            }
            assertEquals(4, records, "step " + step);
            ByteBuf expected =
                    Unpooled.wrappedBuffer(bytes(1), bytes(5000), bytes(SealedRecords.MAX_PLAINTEXT), bytes(7));
            assertTrue(ByteBufUtil.equals(expected, got), "step " + step);
            fresh.finishAndReleaseAll();
        }
    }

    @Test
    void anAlteredRecordEndsTheChannelAndNothingBehindItIsRead() {
        byte[] all = sealed(bytes(20), bytes(20));
        all[30] ^= 1;
        server.writeInbound(Unpooled.copiedBuffer(all, 3, all.length - 3));
        assertNull(server.readInbound());
        assertEquals(List.of(new SealedRecordHandler.Spoiled("a record on µTP did not open")), events);
        assertFalse(server.isOpen());
    }

    @Test
    void anImpossibleLengthEndsTheChannelBeforeItIsWaitedFor() {
        server.writeInbound(Unpooled.copiedBuffer(new byte[] {(byte) 0xff, (byte) 0xff}));
        assertEquals(1, events.size());
        assertFalse(server.isOpen());
    }

    @Test
    void aRecordThatIsCutOffIsNeverDelivered() {
        byte[] all = sealed(bytes(20));
        server.writeInbound(Unpooled.copiedBuffer(all, 3, all.length - 4));
        server.close();
        server.runPendingTasks();
        assertNull(server.readInbound());
        assertTrue(events.isEmpty());
    }
}
