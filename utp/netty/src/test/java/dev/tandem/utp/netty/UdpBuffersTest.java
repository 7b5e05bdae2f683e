package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UdpBuffersTest {
    private static final int ENOUGH = UdpBuffers.DEFAULT_BYTES;

    @Test
    void saysNothingOfBuffersThatAreLargeEnough() {
        assertEquals(Optional.empty(), UdpBuffers.shortage(ENOUGH, ENOUGH));
        assertEquals(Optional.empty(), UdpBuffers.shortage(2 * ENOUGH, 2 * ENOUGH));
    }

    @Test
    void namesTheSettingsToChange() {
        String both = UdpBuffers.shortage(212_992, 212_992).orElseThrow();
        assertTrue(both.contains("(208 KiB to receive, 208 KiB to send)"), both);
        assertTrue(both.endsWith("sysctl -w net.core.rmem_max=4194304 -w net.core.wmem_max=4194304"), both);
        assertTrue(!both.contains("\n"));
        String one = UdpBuffers.shortage(ENOUGH, 212_992).orElseThrow();
        assertTrue(one.endsWith("sysctl -w net.core.wmem_max=4194304"), one);
    }

    /** By a socket that asks for ten times as much as it should, so that it has what the system has to give. */
    @Test
    void agreesWithWhatThisSystemGives() throws IOException {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, 10 * ENOUGH);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, 10 * ENOUGH);
            boolean enough = channel.getOption(StandardSocketOptions.SO_RCVBUF) >= ENOUGH
                    && channel.getOption(StandardSocketOptions.SO_SNDBUF) >= ENOUGH;
            assertEquals(enough, UdpBuffers.shortage().isEmpty());
        }
    }
}
