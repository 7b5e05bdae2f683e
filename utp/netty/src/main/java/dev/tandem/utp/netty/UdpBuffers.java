package dev.tandem.utp.netty;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.Locale;
import java.util.Optional;

/**
 * The buffers that the system gives a UDP socket. When they are small, packets are lost in them that arrived, at each pause
 * of the reader and at each burst of the sender: no congestion control can tell them from those that the network lost.
 */
public final class UdpBuffers {
    /** What is asked for, in bytes for each direction: about a third of a second at 100 Mbit/s. */
    public static final int DEFAULT_BYTES = 4 << 20;

    private UdpBuffers() {}

    /**
     * What to tell the operator when the system gives less than is asked for: one line, which names the settings to change. It
     * opens a socket, unbound, to find out.
     */
    public static Optional<String> shortage() {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, DEFAULT_BYTES);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, DEFAULT_BYTES);
            return shortage(
                    channel.getOption(StandardSocketOptions.SO_RCVBUF),
                    channel.getOption(StandardSocketOptions.SO_SNDBUF));
        } catch (IOException e) {
            // Then no socket can be had, which will be told by whoever needs one.
            return Optional.empty();
        }
    }

    static Optional<String> shortage(int receiveBytes, int sendBytes) {
        String settings = (receiveBytes < DEFAULT_BYTES ? " -w net.core.rmem_max=" + DEFAULT_BYTES : "")
                + (sendBytes < DEFAULT_BYTES ? " -w net.core.wmem_max=" + DEFAULT_BYTES : "");
        if (settings.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "UDP socket buffers are small (%d KiB to receive, %d KiB to send), which loses packets at high rates; on Linux:"
                        + " sysctl%s",
                receiveBytes >> 10,
                sendBytes >> 10,
                settings));
    }
}
