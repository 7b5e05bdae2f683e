package dev.tandem.utp.paired.tls;

import dev.tandem.utp.paired.crypto.LinkKeys;
import java.io.IOException;
import java.security.PrivateKey;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.DefaultTlsServer;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SignatureScheme;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/** A server with one P-256 certificate. */
final class BridgeTlsServer extends DefaultTlsServer implements TlsSide {
    private final JcaTlsCrypto jcaCrypto;
    private final PrivateKey key;
    private final TlsCertificate certificate;
    private final byte[] bridgeSecret;
    private @Nullable LinkKeys keys;

    BridgeTlsServer(JcaTlsCrypto crypto, PrivateKey key, TlsCertificate certificate, byte[] bridgeSecret) {
        super(crypto);
        this.jcaCrypto = crypto;
        this.key = key;
        this.certificate = certificate;
        this.bridgeSecret = bridgeSecret;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
        return LinkTls.versions();
    }

    @Override
    protected int[] getSupportedCipherSuites() {
        return LinkTls.cipherSuites();
    }

    @Override
    public int[] getSupportedGroups() {
        return LinkTls.groups();
    }

    @Override
    public TlsCredentials getCredentials() {
        CertificateEntry[] chain = {new CertificateEntry(certificate, null)};
        return new JcaDefaultTlsCredentialedSigner(
                new TlsCryptoParameters(context),
                jcaCrypto,
                key,
                new Certificate(TlsUtils.EMPTY_BYTES, chain),
                SignatureScheme.getSignatureAndHashAlgorithm(SignatureScheme.ecdsa_secp256r1_sha256));
    }

    @Override
    public void notifyHandshakeComplete() throws IOException {
        super.notifyHandshakeComplete();
        // The exporter's secret is gone when this returns.
        keys = LinkKeys.derive(
                (label, length) -> context.exportKeyingMaterial(label, TlsUtils.EMPTY_BYTES, length), bridgeSecret);
    }

    @Override
    public @Nullable LinkKeys keys() {
        return keys;
    }
}
