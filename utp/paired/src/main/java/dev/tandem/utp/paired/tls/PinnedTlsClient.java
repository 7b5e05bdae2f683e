package dev.tandem.utp.paired.tls;

import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.crypto.LinkKeys;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Vector;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.jspecify.annotations.Nullable;

/** A client that accepts one public key and asks for nothing else: no CA, no host name. */
final class PinnedTlsClient extends DefaultTlsClient implements TlsSide {
    private final BridgeCert cert;
    private @Nullable LinkKeys keys;
    private @Nullable String otherPin;

    PinnedTlsClient(JcaTlsCrypto crypto, BridgeCert cert, InstantSource clock) {
        super(new MarkingCrypto(crypto, cert.secret(), clock));
        this.cert = cert;
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
    @SuppressWarnings({"rawtypes", "unchecked", "JdkObsolete"}) // the library's own signature
    protected Vector getSupportedGroups(Vector namedGroupRoles) {
        Vector groups = new Vector();
        for (int group : LinkTls.groups()) {
            groups.add(group);
        }
        return groups;
    }

    @Override
    public TlsAuthentication getAuthentication() {
        return new TlsAuthentication() {
            @Override
            public void notifyServerCertificate(TlsServerCertificate server) throws IOException {
                checkPin(server);
            }

            @Override
            public @Nullable TlsCredentials getClientCredentials(CertificateRequest request) {
                return null;
            }
        };
    }

    private void checkPin(TlsServerCertificate server) throws IOException {
        org.bouncycastle.tls.Certificate chain = server.getCertificate();
        if (chain.isEmpty()) {
            throw new TlsFatalAlert(AlertDescription.bad_certificate);
        }
        byte[] spki = Certificate.getInstance(chain.getCertificateAt(0).getEncoded())
                .getSubjectPublicKeyInfo()
                .getEncoded();
        byte[] pin = sha256(spki);
        if (!MessageDigest.isEqual(cert.pin(), pin)) {
            otherPin = HexFormat.of().formatHex(pin);
            throw new TlsFatalAlert(AlertDescription.bad_certificate);
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    @Override
    public void notifyHandshakeComplete() throws IOException {
        super.notifyHandshakeComplete();
        // The exporter's secret is gone when this returns.
        byte[] secret = cert.secret();
        keys = LinkKeys.derive(
                (label, length) -> context.exportKeyingMaterial(label, TlsUtils.EMPTY_BYTES, length), secret);
        Arrays.fill(secret, (byte) 0);
    }

    @Override
    public @Nullable LinkKeys keys() {
        return keys;
    }

    /** The SHA-256 of the key that answered, in hexadecimal, if the handshake failed because it is another one; else null. */
    @Nullable
    String otherPin() {
        return otherPin;
    }
}
