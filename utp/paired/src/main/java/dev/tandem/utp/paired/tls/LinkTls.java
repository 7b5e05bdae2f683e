package dev.tandem.utp.paired.tls;

import java.security.SecureRandom;
import org.bouncycastle.tls.CipherSuite;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;

/** What both ends agree on. */
public final class LinkTls {
    private LinkTls() {}

    /**
     * The JDK's own primitives, which it compiles to the processor's instructions. No Bouncy Castle provider: its AES-GCM is
     * twenty times slower.
     */
    public static JcaTlsCrypto crypto() {
        return new JcaTlsCryptoProvider().create(new SecureRandom());
    }

    static ProtocolVersion[] versions() {
        return ProtocolVersion.TLSv13.only();
    }

    static int[] cipherSuites() {
        return new int[] {CipherSuite.TLS_AES_128_GCM_SHA256, CipherSuite.TLS_AES_256_GCM_SHA384};
    }

    static int[] groups() {
        return new int[] {NamedGroup.x25519, NamedGroup.secp256r1};
    }
}
