package dev.tandem.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.NetUtil;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Answers the one request of a connection: GET or HEAD of {@code /metrics}. What else comes is dropped. */
final class MetricsHandler extends SimpleChannelInboundHandler<HttpObject> {
    private static final String PATH = "/metrics";

    private final boolean tcp;
    private final String contentType;
    private final Supplier<byte[]> text;
    private boolean answered;

    /**
     * For one connection.
     *
     * @param tcp whether it came by TCP, as a web page's may
     * @param text what is shown, of that type
     */
    MetricsHandler(boolean tcp, String contentType, Supplier<byte[]> text) {
        this.tcp = tcp;
        this.contentType = contentType;
        this.text = text;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
        if (!answered && message instanceof HttpRequest request) {
            answered = true;
            FullHttpResponse response = response(request);
            response.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                    .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
            ctx.writeAndFlush(response).addListener((ChannelFutureListener) written -> {
                if (written.isSuccess() && written.channel() instanceof DuplexChannel duplex) {
                    // To close at once with a body unread would take the answer back.
                    duplex.shutdownOutput();
                } else {
                    written.channel().close();
                }
            });
        }
    }

    private FullHttpResponse response(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return error(HttpResponseStatus.BAD_REQUEST);
        }
        if (tcp && !isLocal(request.headers().get(HttpHeaderNames.HOST))) {
            return error(HttpResponseStatus.FORBIDDEN);
        }
        String target = request.uri();
        int query = target.indexOf('?');
        if (!(query < 0 ? target : target.substring(0, query)).equals(PATH)) {
            return error(HttpResponseStatus.NOT_FOUND);
        }
        if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            FullHttpResponse response = error(HttpResponseStatus.METHOD_NOT_ALLOWED);
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
            return response;
        }
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(text.get()));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        return response;
    }

    /**
     * Whether the host asked for is named by an address or as localhost: a web page in a browser of this machine gets here only by a
     * name of its own that it makes resolve to us.
     */
    private static boolean isLocal(@Nullable String host) {
        if (host == null) {
            return true;
        }
        String name = host.replaceFirst(":[0-9]*$", "");
        return name.equals("localhost")
                || NetUtil.isValidIpV4Address(name)
                || (name.startsWith("[") && name.endsWith("]"));
    }

    private static FullHttpResponse error(HttpResponseStatus status) {
        ByteBuf body = Unpooled.copiedBuffer(status + "\n", StandardCharsets.US_ASCII);
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN);
        return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
