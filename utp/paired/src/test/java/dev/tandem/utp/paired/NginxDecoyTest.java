package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.strangers.Decoy;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

/**
 * What probers get from a bridge with a real nginx as decoy, beside what they get from that nginx. {@code scripts/test}
 * installs nginx and then demands this test; without it the test is skipped.
 */
@Timeout(60)
class NginxDecoyTest {
    private static final long SEED = 11;
    private static final int PATIENCE_MILLIS = 20_000;
    private static final int END_SECONDS = 10;
    private static final Path[] PLACES = {Path.of("/usr/sbin/nginx"), Path.of("/usr/bin/nginx")};

    @TempDir
    @SuppressWarnings("NullAway.Init")
    static Path folder;

    private static @Nullable Process nginx;

    @SuppressWarnings("NullAway.Init")
    private static InetSocketAddress decoy;

    @SuppressWarnings("NullAway.Init")
    private static LinkFixture link;

    @BeforeAll
    static void start() throws Exception {
        Path program = Stream.of(PLACES).filter(Files::isExecutable).findFirst().orElse(null);
        if (program == null) {
            if ("required".equals(System.getenv("TANDEM_INTEROP"))) {
                throw new AssertionError("nginx is not installed");
            }
            throw new TestAbortedException("nginx is not installed");
        }
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        decoy = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        String pem = ServerIdentity.generate(new SecureRandom()).toPem();
        int certificate = pem.indexOf("-----BEGIN CERTIFICATE");
        Files.writeString(folder.resolve("key.pem"), pem.substring(0, certificate));
        Files.writeString(
                folder.resolve("cert.pem"), pem.substring(certificate, pem.indexOf("-----BEGIN", certificate + 5)));
        Files.writeString(folder.resolve("index.html"), "<html>a page</html>\n");
        Files.writeString(folder.resolve("nginx.conf"), configuration(port));
        nginx = new ProcessBuilder(
                        program.toString(),
                        "-p",
                        folder.toString(),
                        "-c",
                        "nginx.conf",
                        "-e",
                        "error.log",
                        "-g",
                        "daemon off;")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.log").toFile())
                .start();
        Eventually.holds("nginx listens", NginxDecoyTest::listens);
        makeFirstHandshake();
        link = new LinkFixture(
                new StandInNetwork(),
                LinkConfig.DEFAULT.withStrangers(StrangerConfig.DEFAULT.withDecoy(Decoy.server(decoy))));
    }

    private static boolean listens() throws IOException {
        if (nginx != null && !nginx.isAlive()) {
            throw new AssertionError(Files.readString(folder.resolve("output.log")));
        }
        try (Socket socket = new Socket(decoy.getAddress(), decoy.getPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** One process that writes nowhere else and waits for nobody longer than a second. */
    private static String configuration(int port) {
        StringBuilder temporary = new StringBuilder();
        for (String kind : new String[] {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
            temporary.append(kind).append("_temp_path ").append(kind).append(";\n");
        }
        return "master_process off; pid nginx.pid;\nevents { worker_connections 256; }\nhttp {\naccess_log off;\n"
                + temporary
                + "client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 1s; lingering_close off;\n"
                + "server { listen 127.0.0.1:" + port + " ssl; server_name decoy.example; root " + folder + ";\n"
                + "ssl_certificate " + folder + "/cert.pem; ssl_certificate_key " + folder + "/key.pem;\n"
                + "ssl_protocols TLSv1.2 TLSv1.3; } }\n";
    }

    @AfterAll
    static void end() throws Exception {
        if (link != null) {
            link.close();
        }
        Process running = nginx;
        if (running != null) {
            running.destroy();
            if (!running.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                running.destroyForcibly();
            }
        }
    }

    /** What a prober sends, and how. */
    private interface Probe {
        void send(Socket socket) throws IOException;
    }

    private static Arguments probe(String name, Probe probe) {
        return Arguments.of(name, probe);
    }

    private static Probe bytes(byte[] bytes) {
        return socket -> socket.getOutputStream().write(bytes);
    }

    private static Probe text(String text) {
        return bytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** A ClientHello of an old version, with a cipher suite of its time. */
    private static byte[] oldHello(int minor) {
        ByteBuffer hello = ByteBuffer.allocate(50);
        hello.put((byte) 22).put((byte) 3).put((byte) minor).putShort((short) 45);
        hello.put((byte) 1).put((byte) 0).putShort((short) 41).put((byte) 3).put((byte) minor);
        hello.put(new byte[32]).put((byte) 0);
        hello.putShort((short) 2).putShort((short) 0x0035).put((byte) 1).put((byte) 0);
        return hello.array();
    }

    private static byte[] changed(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    static Stream<Arguments> probes() {
        byte[] marked = ClientHellos.marked();
        byte[] unmarked = ClientHellos.unmarked();
        byte[] garbage = new byte[300];
        new Random(SEED).nextBytes(garbage);
        garbage[0] = (byte) 0xfe;
        return Stream.of(
                probe("nothing", socket -> {}),
                probe("an end at once", Socket::shutdownOutput),
                probe("HTTP in clear", text("GET / HTTP/1.1\r\nHost: a\r\n\r\n")),
                probe(
                        "HTTP in clear, other page",
                        text("GET /missing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")),
                probe("HTTP/1.0 in clear", text("HEAD / HTTP/1.0\r\n\r\n")),
                probe("HTTP without a host", text("GET / HTTP/1.1\r\n\r\n")),
                probe("half a request", text("GET / HT")),
                probe("half a request and an end", socket -> {
                    text("GET / HT").send(socket);
                    socket.shutdownOutput();
                }),
                probe("another protocol", text("SSH-2.0-OpenSSH_9.2\r\n")),
                probe("a zero", bytes(new byte[1])),
                probe("zeros", bytes(new byte[200])),
                probe("garbage", bytes(garbage)),
                probe(
                        "SSL 2",
                        bytes(HexFormat.of()
                                .parseHex("802e0100020015000000100100800700c0030080060040020080040080"
                                        + "00112233445566778899aabbccddeeff00"))),
                probe("SSL 3", bytes(oldHello(0))),
                probe("TLS 1.0", bytes(oldHello(1))),
                probe("TLS 1.1", bytes(oldHello(2))),
                probe("TLS 1.2 without a suite in common", bytes(oldHello(3))),
                probe("a record that is too long", bytes(changed(unmarked, 3, 0xff))),
                probe("another record than a handshake's", bytes(changed(unmarked, 0, 23))),
                probe("another message than ClientHello", bytes(changed(unmarked, 5, 2))),
                probe("a hello with a wrong length", bytes(changed(unmarked, 8, unmarked[8] + 1))),
                probe("part of a hello", bytes(Arrays.copyOf(unmarked, 30))),
                probe("part of a client's hello", bytes(Arrays.copyOf(marked, 75))),
                probe("part of a hello, and an end", socket -> {
                    bytes(Arrays.copyOf(marked, 60)).send(socket);
                    socket.shutdownOutput();
                }),
                probe("SSL 3, byte by byte", socket -> {
                    for (byte each : oldHello(0)) {
                        socket.getOutputStream().write(each);
                    }
                }));
    }

    private static Socket open(InetSocketAddress address) throws IOException {
        Socket socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** All that comes, and how it ends; without the time of day. */
    private static String answerOf(InetSocketAddress address, Probe probe) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        String end = "end";
        try (Socket socket = open(address)) {
            try {
                probe.send(socket);
                for (int each; (each = socket.getInputStream().read()) >= 0; ) {
                    all.write(each);
                }
            } catch (SocketException e) {
                end = "reset";
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return readable(all.toByteArray()) + "|" + end;
    }

    private static String readable(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        boolean isText = text.chars().allMatch(each -> each < 127 && (each >= ' ' || each == '\r' || each == '\n'));
        return isText
                ? text.replaceAll("Date: [^\r]*", "Date: now")
                : HexFormat.of().formatHex(bytes);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("probes")
    void aProbeIsAnsweredAsByTheDecoy(String name, Probe probe) throws Exception {
        // At once, since some of them wait until nginx has had enough.
        CompletableFuture<String> direct = CompletableFuture.supplyAsync(() -> answerOf(decoy, probe));
        String through = answerOf(link.address, probe);
        assertEquals(LinkFixture.await(direct), through, name);
        assertEquals(Refusal.STRANGER, link.nextRefusal());
    }

    /** So that the comparison is one of something. */
    @Test
    void theAnswersAreThoseOfNginx() throws Exception {
        String hint = answerOf(link.address, text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        assertTrue(hint.startsWith("HTTP/1.1 400 Bad Request\r\nServer: nginx/"), hint);
        assertTrue(hint.contains("The plain HTTP request was sent to HTTPS port"), hint);
        String alert = answerOf(link.address, bytes(oldHello(1)));
        assertTrue(alert.startsWith("15030"), alert);
        assertEquals(Refusal.STRANGER, link.nextRefusal());
        assertEquals(Refusal.STRANGER, link.nextRefusal());
    }

    private static SSLContext trusting() throws Exception {
        TrustManager anybody = new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {anybody}, new SecureRandom());
        return context;
    }

    /** nginx waits a second for a handshake, and Java's first one takes as long where it has little of the processor. */
    private static void makeFirstHandshake() throws Exception {
        try {
            visit(decoy, "TLSv1.3");
        } catch (IOException e) {
            // It has loaded all the same what the others need.
        }
    }

    /** What a browser would see: version, suite, certificate, and every byte of HTTP inside. */
    private static String visit(InetSocketAddress address, String version) throws Exception {
        try (Socket tcp = open(address);
                SSLSocket socket =
                        (SSLSocket) trusting().getSocketFactory().createSocket(tcp, "decoy.example", 443, true)) {
            socket.setEnabledProtocols(new String[] {version});
            socket.startHandshake();
            String requests = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /missing HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx";
            socket.getOutputStream().write(requests.getBytes(StandardCharsets.US_ASCII));
            String pages = readable(socket.getInputStream().readAllBytes());
            assertTrue(pages.contains("a page"), pages);
            byte[] certificate = socket.getSession().getPeerCertificates()[0].getEncoded();
            return socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite() + " "
                    + HexFormat.of().formatHex(certificate) + pages;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aBrowserSeesTheDecoy(String version) throws Exception {
        assertEquals(visit(decoy, version), visit(link.address, version));
        assertEquals(Refusal.STRANGER, link.nextRefusal());
    }

    /** The types of the first records: what is in them is made anew each time. */
    private static String flightOf(InetSocketAddress address, byte[] hello) throws IOException {
        StringBuilder types = new StringBuilder();
        try (Socket socket = open(address)) {
            socket.getOutputStream().write(hello);
            InputStream in = socket.getInputStream();
            for (int i = 0; i < 3; i++) {
                byte[] header = in.readNBytes(5);
                int length = (header[3] & 0xff) << 8 | (header[4] & 0xff);
                byte[] body = in.readNBytes(length);
                types.append(header[0]).append(' ');
                if (i == 0) {
                    types.append(length)
                            .append(' ')
                            .append(HexFormat.of().formatHex(body, 0, 6))
                            .append(HexFormat.of().formatHex(body, 38, length - 32))
                            .append(' ');
                }
            }
        }
        return types.toString();
    }

    /** Whoever has seen a client's hello and sends it again, and whoever has a wrong secret. */
    @Test
    void aReplayAndAWrongSecretMeetTheDecoy() throws Exception {
        byte[] hello = ClientHellos.marked();
        String direct = flightOf(decoy, hello);
        assertTrue(direct.startsWith("22 "), direct);
        try (Socket client = open(link.address)) {
            client.getOutputStream().write(hello);
            assertEquals(22, client.getInputStream().read());
        }
        assertEquals(Refusal.GONE, link.nextRefusal());
        assertEquals(direct, flightOf(link.address, hello));
        assertEquals(Refusal.REPLAY, link.nextRefusal());
        byte[] other = ClientHellos.unmarked();
        assertEquals(flightOf(decoy, other), flightOf(link.address, other));
        assertEquals(Refusal.STRANGER, link.nextRefusal());
    }
}
