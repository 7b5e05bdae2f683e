package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.channel.epoll.Epoll;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RuntimeCheckTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path root;

    @ParameterizedTest
    @CsvSource({"11, FAIL", "17, OK", "25, OK"})
    void wantsJava17(int feature, Level level) {
        assertEquals(level, RuntimeCheck.java(feature, feature + ".0.1").level());
    }

    @ParameterizedTest
    @CsvSource({
        "true, true, true, OK, GSO",
        "true, false, true, NOTE, 'no GSO, GRO'",
        "true, true, false, NOTE, 'GSO, no GRO'",
        "false, false, false, WARN, NIO"
    })
    void tellsHowDatagramsGo(boolean epoll, boolean segments, boolean coalesces, Level level, String text) {
        Finding finding = RuntimeCheck.transport(new UtpTransports.Features(epoll, segments, coalesces));
        assertEquals(level, finding.level());
        assertTrue(finding.text().contains(text), finding.text());
    }

    /** What is found is what a socket has. */
    @Test
    void findsOutWhatThisMachineCan() {
        UtpTransports.Features features = UtpTransports.features();
        assertEquals(features.epoll(), Epoll.isAvailable());
        assertTrue(features.epoll() || !(features.segments() || features.coalesces()));
    }

    @ParameterizedTest
    @CsvSource({
        "4194304, 4194304, OK, ''",
        "8388608, 4194304, OK, ''",
        "212992, 4194304, WARN, 'net.core.rmem_max = 4194304'",
        "4194304, 212992, WARN, 'net.core.wmem_max = 4194304'",
        "212992, 212992, WARN, 'net.core.rmem_max = 4194304\\nnet.core.wmem_max = 4194304'"
    })
    void comparesTheBuffersWithWhatIsAskedFor(long receive, long send, Level level, String settings) {
        FakeSystem system = new FakeSystem(root)
                .with("/proc/sys/net/core/rmem_max", receive + "\n")
                .with("/proc/sys/net/core/wmem_max", send + "\n");
        Finding finding = RuntimeCheck.udpBuffers(system.files());
        assertEquals(level, finding.level());
        if (level == Level.WARN) {
            assertEquals(
                    "printf '" + settings + "\\n' >/etc/sysctl.d/60-tandem-udp.conf",
                    finding.paste().get(0));
        }
    }

    @Test
    void doesNotGuessBuffers() {
        assertEquals(
                Level.NOTE,
                RuntimeCheck.udpBuffers(new FakeSystem(root).files()).level());
        FakeSystem odd = new FakeSystem(root)
                .with("/proc/sys/net/core/rmem_max", "many")
                .with("/proc/sys/net/core/wmem_max", "1");
        assertEquals(Level.NOTE, RuntimeCheck.udpBuffers(odd.files()).level());
    }
}
