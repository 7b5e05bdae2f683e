package dev.tandem.utp.paired.strangers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ByteProcessor;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.x with one page, at {@code /} (RFC 9112). Answers as nginx would: mistakes in the request line at once, requests in
 * the clear on this port of TLS with a hint. One request is in memory at a time.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails closes the channel
final class WebHandler extends ChannelInboundHandlerAdapter {
    /** A head that is longer is refused. */
    static final int MAX_HEAD = 8 << 10;

    private static final int MAX_REQUESTS = 1_000;
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private final boolean plain;
    private final String name;
    private final Duration timeout;
    private final InstantSource clock;
    private final ByteBuf input = Unpooled.buffer(0);
    /** Bytes of a request's body that are still to come. */
    private long bodyBytes;

    private int answered;
    private boolean closing;
    private @Nullable Future<?> timer;

    /**
     * For one connection.
     *
     * @param plain whether it came without TLS, where only errors are to be had
     * @param name of the site, for its page
     */
    WebHandler(boolean plain, String name, Duration timeout, InstantSource clock) {
        this.plain = plain;
        this.name = name;
        this.timeout = timeout;
        this.clock = clock;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        startTimer(ctx);
    }

    private void startTimer(ChannelHandlerContext ctx) {
        stopTimer();
        timer = ctx.executor().schedule(() -> ctx.close(), timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (!closing) {
                input.writeBytes(in);
                answer(ctx);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            answer(ctx);
            ctx.flush();
        }
        // What was asked for waits here as long as the answers are not taken, and nothing more is read.
        ctx.channel().config().setAutoRead(ctx.channel().isWritable());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            closing = true;
            ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        stopTimer();
        input.release();
    }

    /** Answers all that is complete. */
    private void answer(ChannelHandlerContext ctx) {
        while (!closing && ctx.channel().isWritable()) {
            int body = (int) Math.min(bodyBytes, input.readableBytes());
            input.skipBytes(body);
            bodyBytes -= body;
            while (input.isReadable() && isLineEnd(input.getByte(input.readerIndex()))) {
                input.skipBytes(1);
            }
            if (bodyBytes > 0 || !input.isReadable()) {
                break;
            }
            if (!beginsWell()) {
                fail(ctx, "400 Bad Request");
                break;
            }
            int end = endOfHead();
            if (end < 0) {
                if (input.readableBytes() > MAX_HEAD) {
                    fail(ctx, lineEnd(input.readerIndex()) < 0 ? "414 Request-URI Too Large" : "400 Bad Request");
                }
                break;
            }
            String head = input.toString(input.readerIndex(), end - input.readerIndex(), StandardCharsets.ISO_8859_1);
            input.readerIndex(end);
            handle(ctx, head.lines().toArray(String[]::new));
            startTimer(ctx);
        }
        input.discardReadBytes();
    }

    private static boolean isLineEnd(byte value) {
        return value == '\r' || value == '\n';
    }

    /** Whether what there is of a request begins with a method. */
    private boolean beginsWell() {
        for (int at = input.readerIndex(); at < input.writerIndex(); at++) {
            byte value = input.getByte(at);
            if (value == ' ') {
                return at > input.readerIndex();
            }
            if ((value < 'A' || value > 'Z') && value != '_' && value != '-') {
                return false;
            }
        }
        return true;
    }

    private int lineEnd(int from) {
        return input.forEachByte(from, input.writerIndex() - from, ByteProcessor.FIND_LF);
    }

    /** The index behind the empty line, or behind the only line of HTTP/0.9; -1 if it is not there yet. */
    private int endOfHead() {
        int from = input.readerIndex();
        for (int end = lineEnd(from); end >= 0; end = lineEnd(from)) {
            int length = end - from - (end > from && input.getByte(end - 1) == '\r' ? 1 : 0);
            boolean first = from == input.readerIndex();
            if (length == 0) {
                return end + 1;
            }
            if (first
                    && input.toString(from, length, StandardCharsets.ISO_8859_1).split(" ", -1).length == 2) {
                return end + 1;
            }
            from = end + 1;
        }
        return -1;
    }

    /** One request's first line and fields. */
    private void handle(ChannelHandlerContext ctx, String[] lines) {
        String[] words = lines[0].split(" +", -1);
        boolean old = words.length == 2;
        if (words.length < 2 || words.length > 3 || !(words[1].startsWith("/") || words[1].startsWith("http://"))) {
            fail(ctx, "400 Bad Request");
            return;
        }
        if (old ? !words[0].equals("GET") : !words[2].matches("HTTP/\\d\\.\\d{1,3}")) {
            fail(ctx, "400 Bad Request");
            return;
        }
        if (!old && words[2].charAt(5) != '1') {
            fail(ctx, "505 HTTP Version Not Supported");
            return;
        }
        boolean persistent = !old && !words[2].equals("HTTP/1.0");
        boolean hostNeeded = persistent;
        for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
            int colon = lines[i].indexOf(':');
            if (colon < 1) {
                fail(ctx, "400 Bad Request");
                return;
            }
            String value = lines[i].substring(colon + 1).strip();
            switch (lines[i].substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "host" -> hostNeeded = false;
                case "connection" -> {
                    persistent &= !value.equalsIgnoreCase("close");
                    persistent |= value.equalsIgnoreCase("keep-alive");
                }
                case "content-length" -> {
                    if (!value.matches("\\d{1,15}")) {
                        fail(ctx, "400 Bad Request");
                        return;
                    }
                    bodyBytes = Long.parseLong(value);
                }
                // Where such a body ends is not looked for.
                case "transfer-encoding" -> persistent = false;
                default -> {}
            }
        }
        if (hostNeeded) {
            fail(ctx, "400 Bad Request");
            return;
        }
        if (plain) {
            fail(ctx, "400 Bad Request", "The plain HTTP request was sent to HTTPS port");
            return;
        }
        boolean head = words[0].equals("HEAD");
        String status;
        String page;
        if (!head && !words[0].equals("GET")) {
            status = "405 Not Allowed";
            page = errorPage(status, null);
        } else if (isRoot(words[1])) {
            status = "200 OK";
            page = "<!DOCTYPE html>\n<html>\n<head><title>" + name + "</title></head>\n<body>\n<h1>" + name
                    + "</h1>\n</body>\n</html>\n";
        } else {
            status = "404 Not Found";
            page = errorPage(status, null);
        }
        write(ctx, old, status, page, head, persistent && ++answered < MAX_REQUESTS);
    }

    private static boolean isRoot(String target) {
        String path = target.replaceFirst("^http://[^/]*", "").replaceFirst("\\?.*$", "");
        return path.isEmpty() || path.equals("/");
    }

    private void fail(ChannelHandlerContext ctx, String status) {
        fail(ctx, status, null);
    }

    private void fail(ChannelHandlerContext ctx, String status, @Nullable String detail) {
        write(ctx, false, status, errorPage(status, detail), false, false);
    }

    private static String errorPage(String status, @Nullable String detail) {
        String title = detail == null ? status : status.substring(0, 4) + detail;
        String hint = detail == null ? "" : "<center>" + detail + "</center>\r\n";
        return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + status
                + "</h1></center>\r\n" + hint + "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    }

    private void write(
            ChannelHandlerContext ctx, boolean old, String status, String page, boolean head, boolean persistent) {
        String fields = old
                ? ""
                : "HTTP/1.1 " + status + "\r\nServer: nginx\r\nDate: " + DATE.format(clock.instant())
                        + "\r\nContent-Type: text/html\r\nContent-Length: " + page.length() + "\r\nConnection: "
                        + (persistent ? "keep-alive" : "close") + "\r\n\r\n";
        ByteBuf answer = Unpooled.copiedBuffer(fields + (head ? "" : page), StandardCharsets.ISO_8859_1);
        if (persistent) {
            ctx.write(answer);
        } else {
            closing = true;
            ctx.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
        }
    }
}
