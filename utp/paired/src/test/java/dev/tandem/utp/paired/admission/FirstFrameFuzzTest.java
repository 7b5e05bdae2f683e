package dev.tandem.utp.paired.admission;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.utp.paired.session.MalformedFrameException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Arrays;

/** Any bytes as the first of either side: whole, and in pieces of the length that the first byte says. */
class FirstFrameFuzzTest {
    @FuzzTest(maxDuration = "3s")
    void readsItOrRefuses(byte[] input) throws Exception {
        if (input.length < 4) {
            return;
        }
        byte[] frame = Arrays.copyOfRange(input, 1, input.length);
        Collector collector = new Collector();
        EmbeddedChannel channel = new EmbeddedChannel(collector);
        int step = 1 + (input[0] & 0xff);
        int held = 0;
        for (int at = 0; at < frame.length; at += step) {
            channel.writeInbound(Unpooled.wrappedBuffer(frame, at, Math.min(step, frame.length - at)));
            held = Math.max(held, at);
            assertTrue(collector.told > 0 || held <= FirstFrameHandler.MAX_BODY + 2 + step, "held without a bound");
        }
        assertTrue(collector.told <= 1);
        channel.finishAndReleaseAll();
        hello(frame);
        welcome(frame);
    }

    private static void hello(byte[] frame) throws MalformedFrameException {
        try {
            Hello hello = Hello.read(frame[0] & 0xff, Unpooled.wrappedBuffer(frame, 3, frame.length - 3));
            ByteBuf again = Unpooled.buffer();
            hello.write(again);
            again.skipBytes(3);
            Hello second = Hello.read(frame[0] & 0xff, again);
            assertEquals(hello.policy(), second.policy());
            assertEquals(hello.limit(), second.limit());
            assertArrayEquals(hello.proof(), second.proof());
            assertEquals(hello.measure(), second.measure());
        } catch (MalformedFrameException e) {
            assertTrue(String.valueOf(e.getMessage()).length() < 100);
        }
    }

    private static void welcome(byte[] frame) {
        try {
            Welcome welcome = Welcome.read(frame[0] & 0xff, Unpooled.wrappedBuffer(frame, 3, frame.length - 3));
            ByteBuf again = Unpooled.buffer();
            welcome.write(again);
            again.skipBytes(3);
            assertEquals(welcome, Welcome.read(frame[0] & 0xff, again));
        } catch (MalformedFrameException e) {
            assertTrue(String.valueOf(e.getMessage()).length() < 100);
        }
    }

    private static final class Collector extends FirstFrameHandler {
        int told;

        @Override
        protected void handleFirst(ChannelHandlerContext ctx, int type, ByteBuf body) {
            told++;
            assertTrue(body.readableBytes() <= MAX_BODY);
        }

        @Override
        protected void handleMalformed(ChannelHandlerContext ctx, String detail) {
            told++;
        }
    }
}
