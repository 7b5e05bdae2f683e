package dev.tandem.utp.paired;

import dev.tandem.utp.paired.tls.LinkTls;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.InstantSource;

/** The first bytes of clients. */
public final class ClientHellos {
    private ClientHellos() {}

    /** A ClientHello with a marker, as a client sends it. */
    public static byte[] marked(BridgeCert cert, InstantSource clock) {
        EmbeddedChannel client = new EmbeddedChannel(TlsChannelHandler.client(LinkTls.crypto(), cert, clock));
        ByteBuf hello = client.readOutbound();
        byte[] bytes = ByteBufUtil.getBytes(hello);
        hello.release();
        client.finishAndReleaseAll();
        return bytes;
    }

    /** A ClientHello that the fixture's server takes for one of a client. */
    static byte[] marked() {
        return marked(LinkFixture.cert(), InstantSource.system());
    }

    /** The same with a session id that is only random, as any other client has it. */
    static byte[] unmarked() {
        return marked(ServerIdentity.generate(new java.security.SecureRandom()).bridgeCert(), InstantSource.system());
    }
}
