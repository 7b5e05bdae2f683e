package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkView;
import dev.tandem.utp.paired.PathSample;
import io.netty.channel.DefaultEventLoop;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveLineTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "/dev/pts/3, xterm, true",
        "/dev/tty1, linux, true",
        "/dev/ttyS0, vt220, true",
        "/dev/console, linux, true",
        "/dev/pts/3, dumb, false",
        "/dev/pts/3, '', false",
        "/dev/null, xterm, false",
        "pipe:[4711], xterm, false",
        "/tmp/dev/pts/3, xterm, false",
        "/dev/pts/3 (deleted), xterm, false",
    })
    void isForTerminalsOnly(String target, String kind, boolean expected) throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("2"), Path.of(target));
        assertEquals(expected, LiveLine.isTerminal(Map.of("TERM", kind), link));
        assertFalse(LiveLine.isTerminal(Map.of(), link), "nobody said of what kind it is");
        assertFalse(LiveLine.isTerminal(Map.of("TERM", kind), folder.resolve("none")));
    }

    @Test
    void isErasedForLinesOfTheLogAndAtTheEnd() throws Exception {
        CountDownLatch seen = new CountDownLatch(2);
        ByteArrayOutputStream terminal = new ByteArrayOutputStream() {
            @Override
            public synchronized void write(byte[] bytes, int from, int length) {
                super.write(bytes, from, length);
                seen.countDown();
            }
        };
        DefaultEventLoop loop = new DefaultEventLoop();
        LinkView view = new LinkView() {
            @Override
            public Population population() {
                assertTrue(loop.inEventLoop());
                return new Population(3, 0, 0, 0, 0, 0, 0);
            }

            @Override
            public void sample(int most, Consumer<PathSample> observer) {
                assertTrue(loop.inEventLoop());
            }
        };
        try (LiveLine line = LiveLine.show(terminal, true, loop, new CarrierTotals(), view)) {
            assertTrue(seen.await(30, TimeUnit.SECONDS));
            line.accept(() -> terminal.writeBytes("a line\n".getBytes(StandardCharsets.US_ASCII)));
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
        String written = terminal.toString(StandardCharsets.US_ASCII);
        String erase = "\r\u001b[K";
        String shown = erase + "up 0 B 0 B/s  down 0 B 0 B/s  rtt -  -  3 sessions";
        assertTrue(written.startsWith(shown + shown), written);
        assertTrue(written.contains(shown + erase + "a line\n"), written);
        // What was shown behind that line, if anything, is gone.
        assertTrue(written.endsWith("a line\n") || written.endsWith(shown + erase), written);
    }
}
