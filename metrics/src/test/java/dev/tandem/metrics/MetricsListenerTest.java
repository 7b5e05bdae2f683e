package dev.tandem.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.metrics.MetricsAddress.Loopback;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests, good and bad, as bytes on a socket. */
class MetricsListenerTest {
    private static final int LIMIT_MILLIS = 20_000;
    private static final String TEXT = "one 1\n";

    private MetricsListener listener = newListener(LIMIT_MILLIS);

    private static MetricsListener newListener(long limitMillis) {
        return new MetricsListener(limitMillis, "text/x-test", () -> TEXT.getBytes(StandardCharsets.US_ASCII));
    }

    private static void listen(MetricsListener listener) throws IOException {
        listener.listen(new Loopback(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    @BeforeEach
    void start() throws IOException {
        listen(listener);
    }

    @AfterEach
    void stop() {
        listener.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.port());
        socket.setSoTimeout(LIMIT_MILLIS);
        return socket;
    }

    /** All that comes back until the other side has ended. */
    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    private String ask(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return rest(socket);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET /metrics HTTP/1.1, 127.0.0.1:9151",
        "GET /metrics?a=b HTTP/1.1, localhost:9151",
        "GET /metrics HTTP/1.1, [::1]:9151",
        "GET /metrics HTTP/1.0, localhost",
    })
    void answersAndCloses(String line, String host) throws IOException {
        String answer = ask(line + "\r\nHost: " + host + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.contains("content-type: text/x-test\r\n"), answer);
        assertTrue(answer.contains("content-length: 6\r\n"), answer);
        assertTrue(answer.contains("connection: close\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\n" + TEXT), answer);
    }

    @Test
    void answersHeadWithoutTheBody() throws IOException {
        String answer = ask("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 200 OK\r\n"), answer);
        assertTrue(answer.contains("content-length: 6\r\n"), answer);
        assertTrue(answer.endsWith("\r\n\r\n"), answer);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "404 | GET / HTTP/1.1",
                "404 | GET /metrics/ HTTP/1.1",
                "404 | GET /metricsx HTTP/1.1",
                "404 | POST /other HTTP/1.1",
                "405 | POST /metrics HTTP/1.1",
                "405 | DELETE /metrics HTTP/1.1",
                "400 | nonsense",
                "400 | GET /metrics HTTP/x",
            })
    void refusesWhatElseIsAsked(int status, String line) throws IOException {
        String answer = ask(line + "\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody");
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertTrue(!answer.contains(TEXT), answer);
    }

    /** A page on the web whose name is made to resolve to this machine. */
    @ParameterizedTest
    @CsvSource({"evil.example", "evil.example:9151", "localhost.evil.example", "127.0.0.1.evil.example:9151"})
    void refusesPagesOfTheWeb(String host) throws IOException {
        String answer = ask("GET /metrics HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 403 "), answer);
    }

    @Test
    void refusesWhatIsTooLong() throws IOException {
        String line = ask("GET /metrics?" + "x".repeat(MetricsListener.MAX_REQUEST_LINE) + " HTTP/1.1\r\n\r\n");
        assertTrue(line.startsWith("HTTP/1.1 400 "), line);
        String head = ask("GET /metrics HTTP/1.1\r\nA: " + "x".repeat(MetricsListener.MAX_HEADERS) + "\r\n\r\n");
        assertTrue(head.startsWith("HTTP/1.1 400 "), head);
    }

    @Test
    void answersOneRequestOfAConnection() throws IOException {
        String request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
        String answer = ask(request + request);
        assertEquals(answer.indexOf(TEXT), answer.lastIndexOf(TEXT), answer);
    }

    @Test
    void takesAFewConnectionsAtOnce() throws IOException {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < MetricsListener.MAX_CONNECTIONS; i++) {
                idle.add(connect());
            }
            assertTrue(isClosedAtOnce(), "one more than there may be");
            idle.remove(0).close();
            // The listener hears of the end a moment later.
            long deadline = System.nanoTime() + LIMIT_MILLIS * 1_000_000L;
            while (isClosedAtOnce()) {
                assertTrue(System.nanoTime() - deadline < 0, "there is no room again");
            }
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    private boolean isClosedAtOnce() {
        try {
            return !ask("GET /metrics HTTP/1.0\r\n\r\n").contains(TEXT);
        } catch (SocketException e) {
            return true;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void waitsForNobody() throws IOException {
        try (MetricsListener hasty = newListener(200)) {
            listen(hasty);
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), hasty.port())) {
                socket.setSoTimeout(LIMIT_MILLIS);
                socket.getOutputStream().write("GET /met".getBytes(StandardCharsets.US_ASCII));
                assertEquals("", rest(socket));
            }
        }
    }
}
