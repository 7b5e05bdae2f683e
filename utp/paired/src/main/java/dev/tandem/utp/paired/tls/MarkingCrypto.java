package dev.tandem.utp.paired.tls;

import dev.tandem.utp.paired.strangers.Marker;
import java.time.InstantSource;
import org.bouncycastle.jcajce.util.DefaultJcaJceHelper;
import org.bouncycastle.tls.crypto.TlsNonceGenerator;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/**
 * The crypto of one client, whose ClientHello has the marker for its session id ({@code LINK.md}, section 12). The library
 * asks the nonce generator for 32 bytes twice, first for the client random and then for the session id.
 */
final class MarkingCrypto extends JcaTlsCrypto {
    private final JcaTlsCrypto source;
    private final byte[] secret;
    private final InstantSource clock;

    MarkingCrypto(JcaTlsCrypto source, byte[] secret, InstantSource clock) {
        // Nonces come from the source, which has a random source of its own for them.
        super(new DefaultJcaJceHelper(), source.getSecureRandom(), source.getSecureRandom());
        this.source = source;
        this.secret = secret;
        this.clock = clock;
    }

    @Override
    public TlsNonceGenerator createNonceGenerator(byte[] additionalSeed) {
        return new Generator(source.createNonceGenerator(additionalSeed));
    }

    private final class Generator implements TlsNonceGenerator {
        private final TlsNonceGenerator nonces;
        private byte @Nullable [] clientRandom;
        private boolean marked;

        Generator(TlsNonceGenerator nonces) {
            this.nonces = nonces;
        }

        @Override
        public byte[] generateNonce(int size) {
            byte[] random = clientRandom;
            if (size == Marker.LENGTH && random != null && !marked) {
                marked = true;
                return Marker.make(secret, random, Marker.hour(clock.instant()));
            }
            byte[] nonce = nonces.generateNonce(size);
            if (size == Marker.LENGTH && random == null) {
                clientRandom = nonce.clone();
            }
            return nonce;
        }
    }
}
