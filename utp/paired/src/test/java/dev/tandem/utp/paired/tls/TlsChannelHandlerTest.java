package dev.tandem.utp.paired.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.BridgeCert;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.logging.Logger;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** TLS between two channels in memory. */
@SuppressWarnings("FutureReturnValueIgnored") // closing needs no answer here
class TlsChannelHandlerTest {
    private static final byte[] SECRET = new byte[BridgeCert.SECRET_LENGTH];
    private static final JcaTlsCrypto CRYPTO = LinkTls.crypto();
    private static final KeyPair PAIR = keyPair();
    private static final TlsCertificate CERTIFICATE = certificate();

    private static KeyPair keyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @SuppressWarnings("JavaUtilDate") // the builder takes nothing else
    private static TlsCertificate certificate() {
        try {
            X500Name name = new X500Name("CN=test");
            byte[] encoded = new JcaX509v3CertificateBuilder(
                            name,
                            java.math.BigInteger.ONE,
                            new java.util.Date(0),
                            new java.util.Date(4_000_000_000_000L),
                            name,
                            PAIR.getPublic())
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(PAIR.getPrivate()))
                    .getEncoded();
            return CRYPTO.createCertificate(encoded);
        } catch (java.io.IOException | org.bouncycastle.operator.OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static BridgeCert cert(byte[] pin) {
        byte[] all = new byte[65];
        all[0] = 1;
        System.arraycopy(pin, 0, all, 1, 32);
        System.arraycopy(SECRET, 0, all, 33, 32);
        return BridgeCert.parse(Base64.getUrlEncoder().withoutPadding().encodeToString(all));
    }

    private static byte[] pin() throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(PAIR.getPublic().getEncoded());
    }

    /** One end, and what its handler told. */
    private static final class End extends ChannelInboundHandlerAdapter {
        final List<Object> events = new ArrayList<>();
        final EmbeddedChannel channel;

        End(TlsChannelHandler handler) {
            channel = new EmbeddedChannel(handler, this);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            events.add(event);
        }

        <T> @Nullable T event(Class<T> type) {
            return events.stream()
                    .filter(type::isInstance)
                    .map(type::cast)
                    .findFirst()
                    .orElse(null);
        }

        byte[] read() {
            ByteBuf all = Unpooled.buffer();
            for (ByteBuf next = channel.readInbound(); next != null; next = channel.readInbound()) {
                all.writeBytes(next);
                next.release();
            }
            return ByteBufUtil.getBytes(all);
        }
    }

    private final End client;
    private final End server = new End(TlsChannelHandler.server(CRYPTO, PAIR.getPrivate(), CERTIFICATE, SECRET));

    TlsChannelHandlerTest() throws Exception {
        client = new End(TlsChannelHandler.client(CRYPTO, cert(pin())));
    }

    /** Moves what one end sent; returns whether there was anything. */
    private static boolean move(End from, End to, int step) {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf next = from.channel.readOutbound(); next != null; next = from.channel.readOutbound()) {
            all.writeBytes(next);
            next.release();
        }
        boolean any = all.isReadable();
        while (all.isReadable() && to.channel.isOpen()) {
            to.channel.writeInbound(all.readBytes(Math.min(step, all.readableBytes())));
        }
        all.release();
        return any;
    }

    private static void exchange(End one, End other, int step) {
        while (move(one, other, step) || move(other, one, step)) {
            // Until both are silent.
        }
    }

    @Test
    void bothEndsDeriveTheSameKeys() {
        exchange(client, server, 100_000);
        TlsChannelHandler.Up a = Objects.requireNonNull(client.event(TlsChannelHandler.Up.class));
        TlsChannelHandler.Up b = Objects.requireNonNull(server.event(TlsChannelHandler.Up.class));
        assertArrayEquals(a.keys().proof(), b.keys().proof());
        assertEquals(a.keys().pairing(2).id(), b.keys().pairing(2).id());
        assertEquals(a.keys().sessionId(), b.keys().sessionId());
        assertArrayEquals(a.keys().resumeProof(a.keys(), new byte[3]), b.keys().resumeProof(b.keys(), new byte[3]));
    }

    @Test
    void bytesPassHoweverTheyAreCut() {
        exchange(client, server, 1);
        byte[] bytes = new byte[100_000];
        new Random(1).nextBytes(bytes);
        for (int at = 0; at < bytes.length; at += 16_000) {
            client.channel.writeOutbound(Unpooled.copiedBuffer(bytes, at, Math.min(16_000, bytes.length - at)));
            server.channel.writeOutbound(Unpooled.copiedBuffer(bytes, at, Math.min(16_000, bytes.length - at)));
        }
        exchange(client, server, 777);
        assertArrayEquals(bytes, server.read());
        assertArrayEquals(bytes, client.read());
    }

    @Test
    void anEndInOrderIsToldFromACut() {
        exchange(client, server, 100_000);
        client.channel.writeOutbound(Unpooled.copiedBuffer(new byte[] {1, 2, 3}));
        client.channel.close();
        exchange(client, server, 100_000);
        assertArrayEquals(new byte[] {1, 2, 3}, server.read());
        assertTrue(server.events.contains(TlsChannelHandler.Ended.INSTANCE));
        assertFalse(server.channel.isOpen());
    }

    @Test
    void aCutIsNoEnd() {
        exchange(client, server, 100_000);
        server.channel.close();
        // What it sent last never comes.
        client.channel.close();
        assertFalse(client.events.contains(TlsChannelHandler.Ended.INSTANCE));
        server.channel.releaseOutbound();
        client.channel.releaseOutbound();
    }

    @Test
    void anAlteredRecordFailsAndDeliversNothing() {
        exchange(client, server, 100_000);
        client.channel.writeOutbound(Unpooled.copiedBuffer(new byte[500]));
        ByteBuf record = Objects.requireNonNull(client.channel.<ByteBuf>readOutbound());
        record.setByte(100, record.getByte(100) ^ 1);
        server.channel.writeInbound(record);
        assertEquals(0, server.read().length);
        assertFalse(Objects.requireNonNull(server.event(TlsChannelHandler.Failed.class))
                .pinWrong());
        assertFalse(server.channel.isOpen());
        server.channel.releaseOutbound();
    }

    @Test
    void aWrongPinFailsWithBadCertificate() throws Exception {
        byte[] wrong = pin();
        wrong[31] ^= 1;
        End other = new End(TlsChannelHandler.client(CRYPTO, cert(wrong)));
        exchange(other, server, 100_000);
        assertNull(other.event(TlsChannelHandler.Up.class));
        assertTrue(Objects.requireNonNull(other.event(TlsChannelHandler.Failed.class))
                .pinWrong());
        assertFalse(other.channel.isOpen());
        assertNull(server.event(TlsChannelHandler.Up.class));
        String heard = Objects.requireNonNull(server.event(TlsChannelHandler.Failed.class))
                .detail();
        assertTrue(heard.contains("bad_certificate"), heard);
        client.channel.releaseOutbound();
    }

    @Test
    void figures() throws Exception {
        long[] nanos = new long[60];
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            End a = new End(TlsChannelHandler.client(CRYPTO, cert(pin())));
            End b = new End(TlsChannelHandler.server(CRYPTO, PAIR.getPrivate(), CERTIFICATE, SECRET));
            exchange(a, b, 100_000);
            nanos[i] = System.nanoTime() - start;
            assertTrue(b.event(TlsChannelHandler.Up.class) != null);
        }
        Arrays.sort(nanos);
        Logger.getLogger("figures").info("TLS handshake, both ends: median " + nanos[nanos.length / 2] / 1000 + " us");
        client.channel.releaseOutbound();
    }
}
