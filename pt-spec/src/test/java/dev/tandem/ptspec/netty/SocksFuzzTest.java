package dev.tandem.ptspec.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.ptspec.SocksReplyCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;

/** Any bytes on a SOCKS connection, in pieces of the length that the first byte says, with its end or without. */
class SocksFuzzTest {
    @FuzzTest(maxDuration = "4s")
    void answersOrRefuses(byte[] input) {
        if (input.length == 0) {
            return;
        }
        List<SocksRequest> requests = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(new SocksServerHandler(new SocksListener() {
            @Override
            public void onRequest(SocksRequest request, SocksReply reply) {
                requests.add(request);
                if (input[0] < 0) {
                    reply.reject(SocksReplyCode.HOST_UNREACHABLE);
                }
            }

            @Override
            public void onFailure(String reason) {
                failures.add(reason);
            }
        }));
        int step = 1 + (input[0] & 0x7f);
        for (int at = 1; at < input.length && channel.isOpen(); at += step) {
            channel.writeInbound(Unpooled.copiedBuffer(input, at, Math.min(step, input.length - at)));
            channel.checkException();
        }
        assertTrue(requests.size() <= 1);
        for (SocksRequest request : requests) {
            assertFalse(request.target().isUnresolved());
            assertTrue(request.target().getPort() > 0);
        }
        int answered = 0;
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            answered += out.readableBytes();
            out.release();
        }
        assertTrue(answered <= 2 + 2 + 22, "more than three answers");
        channel.finishAndReleaseAll();
        channel.checkException();
        assertTrue(failures.size() <= 1, failures.toString());
        for (String failure : failures) {
            assertEquals(1, failure.lines().count());
        }
    }
}
