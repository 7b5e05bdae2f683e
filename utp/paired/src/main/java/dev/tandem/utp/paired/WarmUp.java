package dev.tandem.utp.paired;

import dev.tandem.utp.paired.tls.LinkTls;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.security.SecureRandom;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;

/**
 * Makes a TLS handshake in memory, so that the first real one need not wait until hundreds of classes are loaded: that
 * takes longer than the network on most paths.
 */
public final class WarmUp {
    private static final int MAX_FLIGHTS = 16;

    private WarmUp() {}

    /** Begins on a thread of its own, which ends by itself and keeps nothing from ending. */
    public static void start() {
        Thread thread = new Thread(WarmUp::handshake, "warm-up");
        thread.setDaemon(true);
        thread.start();
    }

    /** Returns whether both ends came up. */
    static boolean handshake() {
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
        EmbeddedChannel server = new EmbeddedChannel(serverSide);
        EmbeddedChannel client = new EmbeddedChannel(clientSide);
        boolean moved = true;
        for (int flight = 0; moved && flight < MAX_FLIGHTS; flight++) {
            moved = move(client, server);
            moved |= move(server, client);
        }
        boolean up = clientSide.isUp() && serverSide.isUp();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
        return up;
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        boolean any = false;
        for (ByteBuf bytes; (bytes = from.readOutbound()) != null; any = true) {
            to.writeInbound(bytes);
        }
        return any;
    }
}
