package dev.tandem.metrics;

import dev.tandem.utp.netty.UtpTransports;
import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkServer;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.ServerLimits;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A server with room for one session, a client, and the metrics of both. */
final class Link implements AutoCloseable {
    private static final int LIMIT_SECONDS = 30;
    private static final ServerIdentity IDENTITY = ServerIdentity.generate(new SecureRandom());

    private final EventLoopGroup group = UtpTransports.newEventLoopGroup(2);
    private final EventLoop clientLoop = group.next();
    private final EventLoop serverLoop = group.next();
    private final CarrierTotals clientTotals = new CarrierTotals();
    private final CarrierTotals serverTotals = new CarrierTotals();
    private final LinkClient client = new LinkClient(clientLoop, clientTotals);
    private final LinkServer server;
    private final InetSocketAddress address;
    private final ProxyMetrics clientMetrics;
    private final ProxyMetrics serverMetrics;
    private final HttpClient http = HttpClient.newHttpClient();

    Link() throws IOException {
        LinkConfig config = LinkConfig.DEFAULT.withLimits(ServerLimits.DEFAULT.withSessions(1, 1));
        server = new LinkServer(serverLoop, serverTotals, IDENTITY, config, session -> {
            session.autoRead(true);
            return new Sink();
        });
        address = server.bind(any()).awaitUninterruptibly().getNow();
        clientMetrics = ProxyMetrics.show(
                new MetricsAddress.Loopback(any()),
                new Program("client-pt", "1.2", true),
                clientLoop,
                clientTotals,
                client);
        serverMetrics = ProxyMetrics.show(
                new MetricsAddress.Loopback(any()),
                new Program("server-pt", "1.2", false),
                serverLoop,
                serverTotals,
                server);
    }

    private static InetSocketAddress any() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    InetSocketAddress address() {
        return address;
    }

    /** Where the clients' listener hears how a session ended. */
    static final class User extends Sink {
        final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
        final CompletableFuture<Session> open = new CompletableFuture<>();

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {
            closed.complete(reason);
        }
    }

    User dial() throws Exception {
        User user = new User();
        client.dial(address, IDENTITY.bridgeCert(), LinkConfig.DEFAULT, user).addListener(dialled -> {
            Session session = (Session) dialled.getNow();
            session.autoRead(true);
            session.flush();
            user.open.complete(session);
        });
        user.open.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        return user;
    }

    void send(User user, int bytes) {
        Session session = user.open.join();
        clientLoop.execute(() -> {
            session.write(Unpooled.wrappedBuffer(new byte[bytes]));
            session.flush();
        });
    }

    void finish(User user) throws Exception {
        clientLoop.execute(() -> user.open.join().finish());
        user.closed.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    String clientText() throws Exception {
        return text(clientMetrics);
    }

    String serverText() throws Exception {
        return text(serverMetrics);
    }

    private String text(ProxyMetrics metrics) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + metrics.port() + "/metrics");
        return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    /** Ends its half when the other side has. */
    private static class Sink implements SessionListener {
        @Override
        public void onData(Session session, ByteBuf bytes) {
            bytes.release();
        }

        @Override
        public void onEnd(Session session) {
            session.finish();
        }

        @Override
        public void onWritabilityChanged(Session session) {}

        @Override
        public void onClosed(Session session, CloseReason reason, String detail) {}
    }

    @Override
    public void close() {
        clientMetrics.close();
        serverMetrics.close();
        client.close().awaitUninterruptibly();
        server.close().awaitUninterruptibly();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
