package dev.tandem.utp.paired.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameDecoderTest {
    private static final HexFormat HEX = HexFormat.of();

    private static final class Log implements FrameDecoder.Handler {
        final List<String> frames = new ArrayList<>();

        @Override
        public void onData(long offset, ByteBuf bytes) {
            frames.add("DATA " + offset + " " + ByteBufUtil.hexDump(bytes));
        }

        @Override
        public void onAck(long next, long limit) {
            frames.add("ACK " + next + " " + limit);
        }

        @Override
        public void onEnd(long finalOffset) {
            frames.add("END " + finalOffset);
        }

        @Override
        public void onReset(int code) {
            frames.add("RESET " + code);
        }

        @Override
        public void onPing(long token) {
            frames.add("PING " + token);
        }

        @Override
        public void onPong(long token) {
            frames.add("PONG " + token);
        }

        @Override
        public void onPair(int attempt) {
            frames.add("PAIR " + attempt);
        }

        @Override
        public void onDrop(int attempt) {
            frames.add("DROP " + attempt);
        }

        @Override
        public boolean isOpen() {
            return true;
        }
    }

    private static List<String> decode(byte[] bytes) throws MalformedFrameException {
        FrameDecoder decoder = new FrameDecoder(UnpooledByteBufAllocator.DEFAULT);
        Log log = new Log();
        decoder.decode(Unpooled.wrappedBuffer(bytes), log);
        assertTrue(decoder.atBoundary());
        return log.frames;
    }

    @ParameterizedTest
    @CsvSource({
        "01 000b 0000000000000007 aabbcc, DATA 7 aabbcc",
        "02 0010 0000000000000005 0000000000000009, ACK 5 9",
        "03 0008 0000000000000005, END 5",
        "04 0002 ffff, RESET 65535",
        "05 0008 ffffffffffffffff, PING -1",
        "06 0008 0000000000000001, PONG 1",
        "07 0004 00000001, PAIR 1",
        "08 0004 00000001, DROP 1",
        "00 0000, ''",
        "00 0003 ffffff, ''",
        "80 0000, ''",
        "ff 0003 123456, ''",
    })
    void accepts(String hex, String expected) throws Exception {
        assertEquals(expected, String.join(",", decode(HEX.parseHex(hex.replace(" ", "")))));
    }

    @ParameterizedTest
    @CsvSource({
        "01 0000",
        "01 0008 0000000000000007",
        "01 0009 8000000000000000 aa",
        "01 0009 7fffffffffffffff aa",
        "01 0009 3fffffffffffffff aa",
        "01 0009 ffffffffffffffff aa",
        "02 000f 000000000000000500000000000000",
        "02 0011 0000000000000005000000000000000900",
        "02 0010 0000000000000005 ffffffffffffffff",
        "03 0007 00000000000000",
        "03 0008 4000000000000000",
        "04 0000",
        "04 0003 000000",
        "05 0007 00000000000000",
        "06 0009 000000000000000000",
        "07 0003 000000",
        "08 0005 0000000000",
        "09 0000",
        "10 0000",
        "11 0000",
        "12 0000",
        "7f 0000",
        "00 3ffe",
        "80 ffff",
    })
    void refuses(String hex) {
        byte[] bytes = HEX.parseHex(hex.replace(" ", ""));
        assertThrows(MalformedFrameException.class, () -> decode(bytes));
    }

    @Test
    void framesMayBeCutAnywhere() throws Exception {
        ByteBuf out = Unpooled.buffer();
        byte[] data = new byte[Frames.MAX_FRAME - Frames.DATA_OVERHEAD];
        new Random(1).nextBytes(data);
        Frames.writePing(out, 1);
        Frames.writeDataHeader(out, 5, data.length);
        out.writeBytes(data);
        Frames.writeAck(out, 5, 6);
        Frames.writeEnd(out, 7);
        List<String> whole = decode(ByteBufUtil.getBytes(out));
        assertEquals(4, whole.size());
        for (int step : new int[] {1, 2, 3, 7, 1000, 16_000, 17_000}) {
            FrameDecoder decoder = new FrameDecoder(UnpooledByteBufAllocator.DEFAULT);
            Log log = new Log();
            for (int at = 0; at < out.writerIndex(); at += step) {
                decoder.decode(out.slice(at, Math.min(step, out.writerIndex() - at)), log);
            }
            assertEquals(whole, log.frames, "step " + step);
            assertTrue(decoder.atBoundary());
        }
    }

    /** Whatever comes, it is frames or malformed, and nothing is kept. */
    @Test
    void noiseIsDecodedOrRefused() {
        for (long seed = 0; seed < 2000; seed++) {
            byte[] noise = new byte[200];
            new Random(seed).nextBytes(noise);
            noise[0] = (byte) (seed % 9);
            noise[1] = 0;
            UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
            FrameDecoder decoder = new FrameDecoder(allocator);
            try {
                decoder.decode(Unpooled.wrappedBuffer(noise), new Log());
            } catch (MalformedFrameException e) {
                assertTrue(String.valueOf(e.getMessage()).lines().count() == 1, "seed " + seed);
            }
            decoder.release();
            assertEquals(0, allocator.metric().usedHeapMemory(), "seed " + seed);
        }
    }
}
