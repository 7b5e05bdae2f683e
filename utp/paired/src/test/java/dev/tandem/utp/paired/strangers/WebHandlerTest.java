package dev.tandem.utp.paired.strangers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The web server in this process, request by request. */
@SuppressWarnings("FutureReturnValueIgnored") // closing needs no answer here
class WebHandlerTest {
    private final EmbeddedChannel channel = channel(false);

    private static EmbeddedChannel channel(boolean plain) {
        InstantSource clock = InstantSource.fixed(Instant.parse("2026-03-01T02:03:04Z"));
        EmbeddedChannel made =
                new EmbeddedChannel(new WebHandler(plain, "site.example", Duration.ofSeconds(60), clock));
        made.freezeTime();
        return made;
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private static String ask(EmbeddedChannel channel, String request) {
        channel.writeInbound(Unpooled.copiedBuffer(request, StandardCharsets.ISO_8859_1));
        StringBuilder answer = new StringBuilder();
        for (ByteBuf part; (part = channel.readOutbound()) != null; part.release()) {
            answer.append(part.toString(StandardCharsets.ISO_8859_1));
        }
        return answer.toString();
    }

    private static String statusOf(String answer) {
        return answer.isEmpty() ? "" : answer.substring(9, 12);
    }

    @Test
    void servesItsPage() {
        String answer = ask(channel, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        String page = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertEquals(
                "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sun, 01 Mar 2026 02:03:04 GMT\r\nContent-Type: text/html\r\n"
                        + "Content-Length: " + page.length() + "\r\nConnection: keep-alive\r\n\r\n",
                answer.substring(0, answer.length() - page.length()));
        assertTrue(page.contains("site.example"));
        assertTrue(channel.isOpen());
    }

    @ParameterizedTest
    @CsvSource({
        "GET / HTTP/1.1~Host: a~~, 200, true",
        "GET /?q HTTP/1.1~Host: a~~, 200, true",
        "GET http://a/ HTTP/1.1~Host: a~~, 200, true",
        "HEAD / HTTP/1.1~Host: a~~, 200, true",
        "GET / HTTP/1.1~Host: a~Connection: close~~, 200, false",
        "GET / HTTP/1.0~~, 200, false",
        "GET / HTTP/1.0~Connection: keep-alive~~, 200, true",
        "GET /index.html HTTP/1.1~Host: a~~, 404, true",
        "POST / HTTP/1.1~Host: a~Content-Length: 3~~abc, 405, true",
        "PUT / HTTP/1.1~Host: a~Transfer-Encoding: chunked~~, 405, false",
        "DELETE / HTTP/1.1~Host: a~~, 405, true",
        "GET / HTTP/1.1~~, 400, false",
        "GET / HTTP/1.1~Host a~~, 400, false",
        "GET / HTTP/1.1~Host: a~Content-Length: -1~~, 400, false",
        "GET index.html HTTP/1.1~Host: a~~, 400, false",
        "GET / HTTP/2.0~~, 505, false",
        "GET / HTTPS/1~~, 400, false",
        "get / HTTP/1.1~, 400, false",
        "?, 400, false",
        "SSH-2.0-x~, 400, false",
    })
    void answersWithTheRightStatus(String request, String status, boolean staysOpen) {
        assertEquals(status, statusOf(ask(channel, request.replace("~", "\r\n"))));
        assertEquals(staysOpen, channel.isOpen());
    }

    @Test
    void aHeadHasNoBody() {
        String answer = ask(channel, "HEAD / HTTP/1.1\nHost: a\n\n");
        assertTrue(answer.endsWith("\r\n\r\n"), answer);
        assertFalse(answer.contains("Content-Length: 0"));
    }

    @Test
    void theOldestHttpGetsThePageAlone() {
        assertTrue(ask(channel, "GET /\r\n").startsWith("<!DOCTYPE html>"));
        assertFalse(channel.isOpen());
    }

    @Test
    void requestsMayComeInPiecesAndSeveralAtOnce() {
        String request =
                "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        StringBuilder one = new StringBuilder();
        for (int i = 0; i < request.length(); i++) {
            one.append(ask(channel, request.substring(i, i + 1)));
        }
        EmbeddedChannel other = channel(false);
        assertEquals(one.toString(), ask(other, request));
        assertEquals(3, one.toString().split("HTTP/1.1 ", -1).length);
        other.finishAndReleaseAll();
    }

    @Test
    void whatIsInTheClearIsTold() {
        EmbeddedChannel plain = channel(true);
        String answer = ask(plain, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals("400", statusOf(answer));
        assertTrue(answer.contains("The plain HTTP request was sent to HTTPS port"));
        assertFalse(plain.isOpen());
        plain.finishAndReleaseAll();
    }

    @Test
    void holdsNoMoreThanAHead() {
        assertEquals("414", statusOf(ask(channel, "GET /" + "a".repeat(WebHandler.MAX_HEAD))));
        EmbeddedChannel other = channel(false);
        String fields = "GET / HTTP/1.1\r\n" + "A: b\r\n".repeat(WebHandler.MAX_HEAD / 6);
        assertEquals("400", statusOf(ask(other, fields)));
        assertFalse(other.isOpen());
        other.finishAndReleaseAll();
    }

    /** A caller that asks without end and reads nothing. */
    @Test
    void answersThatAreNotTakenStopTheQuestions() {
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(500, 1_000));
        ByteBuf many =
                Unpooled.copiedBuffer("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200), StandardCharsets.US_ASCII);
        channel.pipeline().fireChannelRead(many);
        assertFalse(channel.isWritable());
        assertFalse(channel.config().isAutoRead());
        channel.flush();
        channel.runPendingTasks();
        int answers = 0;
        for (ByteBuf part; (part = channel.readOutbound()) != null; part.release()) {
            answers++;
        }
        assertEquals(200, answers);
        assertTrue(channel.config().isAutoRead());
    }

    @Test
    void leavesAnIdleConnectionAfterItsTime() {
        ask(channel, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        channel.advanceTimeBy(59, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        ask(channel, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        channel.advanceTimeBy(59, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertTrue(channel.isOpen());
        channel.advanceTimeBy(1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertFalse(channel.isOpen());
    }

    @Test
    void endsWithItsCaller() {
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertFalse(channel.isOpen());
    }
}
