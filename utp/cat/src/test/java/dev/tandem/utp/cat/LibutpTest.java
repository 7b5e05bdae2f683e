package dev.tandem.utp.cat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opentest4j.TestAbortedException;

/**
 * utpcat against libutp: npm's utp-native on Node.js. {@code scripts/test} installs it and then demands this test; without
 * it the test says so and is skipped.
 */
@Timeout(120)
class LibutpTest {
    private static final long BYTES = 50_000_000;
    private static final Path MODULES = Path.of("..", "..", "scripts", "lab", "interop", "node_modules");
    private static final boolean REQUIRED = "required".equals(System.getenv("TANDEM_INTEROP"));

    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void needsLibutp() {
        if (!Files.isDirectory(MODULES.resolve("utp-native"))) {
            String reason = "utp-native is not installed: run 'npm ci --ignore-scripts' in scripts/lab/interop";
            if (REQUIRED) {
                throw new AssertionError(reason);
            }
            throw new TestAbortedException(reason);
        }
    }

    @AfterEach
    void endPeers() throws Exception {
        for (Process process : started) {
            process.destroy();
            process.waitFor(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void exchangesFiftyMegabytesEachWayWithAListeningLibutp() throws Exception {
        String port = freePort();
        BufferedReader peer = node("listen", port, BYTES);
        assertEquals("ready", peer.readLine());
        Side side = run("127.0.0.1", port);
        side.assertSameAs(peer.readLine());
    }

    @Test
    void exchangesFiftyMegabytesEachWayWithADiallingLibutp() throws Exception {
        String port = freePort();
        List<BufferedReader> peer = new ArrayList<>();
        // libutp repeats its SYN after 3 s if it comes before the port is open.
        Thread dialler = new Thread(() -> peer.add(node("dial", port, BYTES)));
        dialler.start();
        Side side = run("-l", "-s", "127.0.0.1", "-p", port);
        dialler.join();
        side.assertSameAs(peer.get(0).readLine());
    }

    @Test
    void libutpGoesOnAfterOurEnd() throws Exception {
        String port = freePort();
        BufferedReader peer = node("listen", port, 2_000_000);
        assertEquals("ready", peer.readLine());
        Side side = new Side(1);
        side.run("127.0.0.1", port);
        side.assertSameAs(peer.readLine());
    }

    private static Side run(String... args) throws NoSuchAlgorithmException {
        Side side = new Side(BYTES);
        side.run(args);
        return side;
    }

    /** Our end: how many bytes it sends, and the hashes of both directions. */
    private static final class Side {
        private final long bytes;
        private final MessageDigest sent = MessageDigest.getInstance("SHA-256");
        private final MessageDigest received = MessageDigest.getInstance("SHA-256");

        Side(long bytes) throws NoSuchAlgorithmException {
            this.bytes = bytes;
        }

        void run(String... args) {
            StringWriter err = new StringWriter();
            InputStream in = new DigestInputStream(new Counting(bytes), sent);
            OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), received);
            int exitCode = UtpCat.commandLine(new UtpCat(in, out))
                    .setErr(new PrintWriter(err, true))
                    .execute(args);
            assertEquals("", err.toString());
            assertEquals(0, exitCode);
        }

        void assertSameAs(String json) {
            assertNotNull(json, "libutp ended without a word");
            String sentHash = HexFormat.of().formatHex(sent.digest());
            String receivedHash = HexFormat.of().formatHex(received.digest());
            assertTrue(json.contains("\"received\":" + bytes + ","), json);
            assertEquals(sentHash, field(json, "receivedSha256"));
            assertEquals(receivedHash, field(json, "sentSha256"));
        }

        private static String field(String json, String name) {
            var matcher = Pattern.compile("\"" + name + "\":\"([0-9a-f]*)\"").matcher(json);
            assertTrue(matcher.find(), json);
            return matcher.group(1);
        }
    }

    /** Bytes that follow from their place, in no short period. */
    private static final class Counting extends InputStream {
        private final long total;
        private long offset;

        Counting(long total) {
            this.total = total;
        }

        @Override
        public int read() {
            return offset == total ? -1 : valueAt(offset++) & 0xff;
        }

        @Override
        public int read(byte[] target, int start, int length) {
            if (offset == total) {
                return -1;
            }
            int count = (int) Math.min(length, total - offset);
            for (int i = 0; i < count; i++) {
                target[start + i] = valueAt(offset++);
            }
            return count;
        }

        private static byte valueAt(long offset) {
            return (byte) ((offset * 0x9e3779b97f4a7c15L) >>> 56);
        }
    }

    private BufferedReader node(String mode, String port, long bytes) {
        try {
            ProcessBuilder builder = new ProcessBuilder(
                            "node",
                            Path.of("src", "test", "interop", "peer.js").toString(),
                            mode,
                            port,
                            Long.toString(bytes))
                    .redirectError(ProcessBuilder.Redirect.INHERIT);
            Map<String, String> environment = builder.environment();
            environment.put("NODE_PATH", MODULES.toAbsolutePath().normalize().toString());
            Process process = builder.start();
            started.add(process);
            return process.inputReader(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError("Node.js cannot be started", e);
        }
    }

    private static String freePort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return Integer.toString(socket.getLocalPort());
        }
    }
}
