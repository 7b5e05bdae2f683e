package dev.tandem.ptspec.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Any bytes from who claims to be tor's Extended ORPort. Without the cookie nobody gets through. */
class ExtendedOrPortFuzzTest {
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.1", 1);
    private static final Path COOKIE = cookie();

    private static Path cookie() {
        try {
            byte[] content = "! Extended ORPort Auth Cookie !\n0123456789abcdef0123456789abcdef"
                    .getBytes(StandardCharsets.US_ASCII);
            Path file = Files.createTempFile("cookie", "");
            file.toFile().deleteOnExit();
            return Files.write(file, content);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @FuzzTest(maxDuration = "4s")
    void neverReady(byte[] input) {
        if (input.length == 0) {
            return;
        }
        ExtendedOrPortHandler handler = new ExtendedOrPortHandler(COOKIE, CLIENT, "utp");
        EmbeddedChannel channel = new EmbeddedChannel(handler);
        int step = 1 + (input[0] & 0x7f);
        for (int at = 1; at < input.length && channel.isOpen(); at += step) {
            channel.writeInbound(Unpooled.copiedBuffer(input, at, Math.min(step, input.length - at)));
            channel.checkException();
        }
        assertFalse(handler.ready().isSuccess());
        channel.finishAndReleaseAll();
        channel.checkException();
        assertTrue(handler.ready().isDone(), "nobody is left waiting");
        assertTrue(handler.ready().cause() instanceof IOException);
        assertEquals(
                1, String.valueOf(handler.ready().cause().getMessage()).lines().count());
    }
}
