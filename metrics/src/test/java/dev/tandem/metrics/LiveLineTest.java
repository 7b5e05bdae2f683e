package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkView;
import dev.tandem.utp.paired.PathSample;
import io.netty.channel.DefaultEventLoop;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class LiveLineTest {
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
