package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import dev.tandem.utp.paired.strangers.WebServer;
import dev.tandem.utp.paired.tls.LinkTls;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Ticker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.InstantSource;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;

/**
 * Makes a TLS handshake in memory, so that the first real one need not wait until hundreds of classes are loaded: that
 * takes longer than the network on most paths. Then it seals and opens some records, since Java's AES-GCM is a hundred times slower
 * before it is compiled.
 */
public final class WarmUp {
    private static final int MAX_FLIGHTS = 16;
    /** Less than half a second of work, after which it is compiled. */
    private static final int RECORDS = 2_000;

    private static final int RECORD_BYTES = 4 * 1024;

    /** For each end of a stranger's handshake; it never comes, see {@link #channel}. */
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private WarmUp() {}

    /** Begins on a thread of its own, which ends by itself and keeps nothing from ending. */
    public static void start() {
        start(() -> {
            handshake();
            records();
        });
    }

    /**
     * The same for a server.
     *
     * @param web whether strangers meet the server in this process: the first of them would hold up every session for as long as
     *     it takes to load another implementation of TLS
     */
    public static void startServer(boolean web) {
        start(() -> {
            handshake();
            records();
            if (web) {
                stranger();
            }
        });
    }

    /** All of a proxy's life, on this thread: what loads is what the archive of classes is made of. As {@link Rehearsal#run}. */
    public static boolean rehearse() throws InterruptedException {
        return handshake() && records() == RECORDS && Rehearsal.run();
    }

    /** The same for a server, which has strangers, too. */
    public static boolean rehearseServer() throws InterruptedException {
        return rehearse() && stranger();
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "warm-up");
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns whether a stranger's handshake with the server in this process came to its end. */
    static boolean stranger() {
        return stranger(DEADLINE);
    }

    /**
     * The same with a deadline of choice.
     *
     * @param deadline of each end, in the time of its channel; at least a millisecond
     */
    static boolean stranger(Duration deadline) {
        ServerIdentity front = ServerIdentity.generate(new SecureRandom()).front();
        WebServer web = new WebServer(
                front.key(), front.certificate(), deadline, InstantSource.system(), ChannelInboundHandlerAdapter::new);
        EmbeddedChannel server = channel();
        web.join(server.pipeline(), server.eventLoop().ticker().nanoTime());
        SslHandler tls;
        try {
            tls = new SslHandler(visitor(front.certificate()));
        } catch (GeneralSecurityException | IOException e) {
            return false;
        }
        tls.setHandshakeTimeoutMillis(deadline.toMillis());
        EmbeddedChannel client = channel(tls);
        exchange(client, server);
        boolean up = tls.handshakeFuture().isSuccess();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
        return up;
    }

    /** Who knows one certificate, and whose it is does not matter. */
    private static SSLEngine visitor(byte[] certificate) throws GeneralSecurityException, IOException {
        KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
        known.load(null, null);
        known.setCertificateEntry(
                "server",
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate)));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(known);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        return engine;
    }

    /** The handshake alone, on this thread. Returns whether both ends came up. */
    public static boolean handshake() {
        ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
        JcaTlsCrypto crypto = LinkTls.crypto();
        TlsChannelHandler serverSide;
        try {
            serverSide = TlsChannelHandler.server(
                    crypto,
                    identity.key(),
                    crypto.createCertificate(identity.certificate()),
                    identity.bridgeCert().secret());
        } catch (IOException e) {
            return false;
        }
        TlsChannelHandler clientSide = TlsChannelHandler.client(crypto, identity.bridgeCert());
        EmbeddedChannel server = channel(serverSide);
        EmbeddedChannel client = channel(clientSide);
        exchange(client, server);
        boolean up = clientSide.isUp() && serverSide.isUp();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
        return up;
    }

    /** Returns how many records were opened. */
    static int records() {
        LinkKeys keys = LinkKeys.derive((label, length) -> new byte[length], new byte[BridgeCert.SECRET_LENGTH]);
        PairingKeys client = keys.pairing(0);
        PairingKeys server = keys.pairing(0);
        SealedRecords sealing = new SealedRecords(client.clientToServer(), client.serverToClient());
        SealedRecords opening = new SealedRecords(server.serverToClient(), server.clientToServer());
        ByteBuf plain = Unpooled.buffer(RECORD_BYTES).writeZero(RECORD_BYTES);
        ByteBuf record = Unpooled.buffer(RECORD_BYTES + SealedRecords.OVERHEAD);
        int opened = 0;
        try {
            while (opened < RECORDS) {
                sealing.seal(plain.readerIndex(0), record.clear());
                opening.open(record);
                opened++;
            }
        } catch (GeneralSecurityException e) {
            // Then the first session will tell.
        }
        return opened;
    }

    /** For which no time passes: on a busy machine even a handshake in memory may take longer than the handlers would wait for it. */
    private static EmbeddedChannel channel(ChannelHandler... handlers) {
        return EmbeddedChannel.builder()
                .ticker(Ticker.newMockTicker())
                .handlers(handlers)
                .build();
    }

    private static void exchange(EmbeddedChannel client, EmbeddedChannel server) {
        boolean moved = true;
        for (int flight = 0; moved && flight < MAX_FLIGHTS; flight++) {
            moved = move(client, server);
            moved |= move(server, client);
        }
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        boolean any = false;
        for (ByteBuf bytes; (bytes = from.readOutbound()) != null; any = true) {
            to.writeInbound(bytes);
        }
        return any;
    }
}
