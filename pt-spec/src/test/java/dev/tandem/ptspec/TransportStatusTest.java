package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TransportStatusTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final AtomicLong nanos = new AtomicLong();
    private final TransportStatus status = new TransportStatus(new TransportMessages(out), "utp", nanos::get);

    private List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void tellsWhatIsNewWithoutAddresses() {
        status.failed("connection to 192.0.2.7:443 \"refused\"");
        status.connected();
        status.connected();
        status.carrier("tls");
        status.carrier("utp");
        status.carrier("utp");
        status.connected();
        assertEquals(
                List.of(
                        "STATUS TRANSPORT=utp CONNECT=Failed ERRSTR=\"connection to [scrubbed] \\\"refused\\\"\"",
                        "STATUS TRANSPORT=utp CONNECT=Success",
                        "STATUS TRANSPORT=utp CARRIER=tls",
                        "STATUS TRANSPORT=utp CARRIER=utp"),
                lines());
    }

    @Test
    void isNoFlood() {
        for (int i = 0; i < 1_000; i++) {
            status.carrier(i % 2 == 0 ? "utp" : "tls");
        }
        assertEquals(8, lines().size());
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(3));
        for (int i = 0; i < 1_000; i++) {
            status.carrier(i % 2 == 0 ? "utp" : "tls");
        }
        assertEquals(11, lines().size());
    }
}
