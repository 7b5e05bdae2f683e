package dev.tandem.utp.paired;

import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.jspecify.annotations.Nullable;

/**
 * What makes a server this bridge: a P-256 key, its self-signed certificate, and the bridge's secret. Made once and
 * kept in the state folder.
 */
public final class ServerIdentity {
    private static final int DAY_SECONDS = 24 * 60 * 60;
    /** From which on a certificate's year has four digits (RFC 5280, section 4.1.2.5). */
    private static final String FOUR_DIGITS = "2050";

    /** The blocks of the PEM form, all required, in this order. */
    private enum Block {
        KEY("PRIVATE KEY"),
        CERTIFICATE("CERTIFICATE"),
        SECRET("TANDEM BRIDGE SECRET");

        private final String title;

        Block(String title) {
            this.title = title;
        }
    }

    private final PrivateKey key;
    private final byte[] certificate;
    private final BridgeCert bridgeCert;
    private final @Nullable ServerIdentity front;

    private ServerIdentity(ServerIdentity of, ServerIdentity front) {
        this.key = of.key;
        this.certificate = of.certificate;
        this.bridgeCert = of.bridgeCert;
        this.front = front;
    }

    /** Zeroes the secret, of which it keeps a copy. */
    private ServerIdentity(PrivateKey key, byte[] certificate, byte[] secret, byte[] spki)
            throws GeneralSecurityException {
        this.key = key;
        this.certificate = certificate;
        this.front = null;
        this.bridgeCert = new BridgeCert(MessageDigest.getInstance("SHA-256").digest(spki), secret);
        Arrays.fill(secret, (byte) 0);
    }

    /** Makes a new identity. Takes some hundred milliseconds in a cold JVM: not on an event loop. */
    public static ServerIdentity generate(SecureRandom random) {
        return generate(random, Instant.now());
    }

    static ServerIdentity generate(SecureRandom random, Instant now) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            KeyPair pair = generator.generateKeyPair();
            byte[] secret = new byte[BridgeCert.SECRET_LENGTH];
            random.nextBytes(secret);
            X509CertificateHolder certificate = selfSigned(pair, random, now);
            return new ServerIdentity(
                    pair.getPrivate(),
                    certificate.getEncoded(),
                    secret,
                    certificate.getSubjectPublicKeyInfo().getEncoded());
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("this Java has no P-256 certificates", e);
        }
    }

    /**
     * A certificate like those that people make for a host of their own. Nobody checks more of it than the key, but a
     * prober sees it, and equal fields everywhere would tell all bridges.
     */
    private static X509CertificateHolder selfSigned(KeyPair pair, SecureRandom random, Instant now)
            throws OperatorCreationException, IOException {
        StringBuilder host = new StringBuilder();
        int length = 6 + random.nextInt(7);
        for (int i = 0; i < length; i++) {
            host.append((char) ('a' + random.nextInt(26)));
        }
        host.append(random.nextBoolean() ? ".net" : ".org");
        Instant start = now.minus(random.nextInt(60), ChronoUnit.DAYS)
                .minusSeconds(random.nextInt(DAY_SECONDS))
                .truncatedTo(ChronoUnit.SECONDS);
        X500Name name = new X500Name("CN=" + host);
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(127, random).setBit(126),
                time(start),
                time(start.plus(3650, ChronoUnit.DAYS)),
                name,
                pair.getPublic());
        builder.addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(GeneralName.dNSName, host.toString())));
        return builder.build(new JcaContentSignerBuilder("SHA256withECDSA")
                .setSecureRandom(random)
                .build(pair.getPrivate()));
    }

    /**
     * A moment in whole seconds, as certificates tell it. From its DER form: what Bouncy Castle makes of a {@code Date} goes through a
     * formatter, which loads the names of all languages that Java knows.
     */
    private static Time time(Instant at) throws IOException {
        String digits = at.toString().replaceAll("[-T:]", "");
        boolean isShort = digits.compareTo(FOUR_DIGITS) < 0;
        byte[] text = digits.substring(isShort ? 2 : 0).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer der = ByteBuffer.allocate(2 + text.length);
        der.put((byte) (isShort ? BERTags.UTC_TIME : BERTags.GENERALIZED_TIME))
                .put((byte) text.length)
                .put(text);
        return new Time(ASN1Primitive.fromByteArray(der.array()));
    }

    /**
     * Reads what {@link #toPem} wrote.
     *
     * @throws IllegalArgumentException with a single-line message (nothing of the content in it), if anything is missing,
     *     damaged, or key and certificate do not belong together
     */
    public static ServerIdentity fromPem(String text) {
        Map<Block, byte[]> blocks = readBlocks(text);
        byte[] encodedKey = required(blocks, Block.KEY);
        byte[] certificate = required(blocks, Block.CERTIFICATE);
        byte[] secret = required(blocks, Block.SECRET);
        if (secret.length != BridgeCert.SECRET_LENGTH) {
            throw new IllegalArgumentException("the server's identity is damaged: the bridge secret is not of "
                    + BridgeCert.SECRET_LENGTH + " bytes");
        }
        try {
            KeyFactory factory = KeyFactory.getInstance("EC");
            PrivateKey key = factory.generatePrivate(new PKCS8EncodedKeySpec(encodedKey));
            byte[] spki = new X509CertificateHolder(certificate)
                    .getSubjectPublicKeyInfo()
                    .getEncoded();
            if (!belongTogether(key, factory.generatePublic(new X509EncodedKeySpec(spki)))) {
                throw new IllegalArgumentException(
                        "the server's identity is damaged: key and certificate do not belong together");
            }
            return new ServerIdentity(key, certificate, secret, spki);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "the server's identity is damaged: key or certificate cannot be read as P-256");
        } finally {
            Arrays.fill(encodedKey, (byte) 0);
        }
    }

    private static Map<Block, byte[]> readBlocks(String text) {
        Map<Block, byte[]> blocks = new EnumMap<>(Block.class);
        try (PemReader reader = new PemReader(new StringReader(text))) {
            for (PemObject object = reader.readPemObject(); object != null; object = reader.readPemObject()) {
                for (Block block : Block.values()) {
                    if (block.title.equals(object.getType()) && blocks.put(block, object.getContent()) != null) {
                        throw new IllegalArgumentException(
                                "the server's identity is damaged: more than one " + block.title);
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            if (e instanceof IllegalArgumentException known
                    && String.valueOf(known.getMessage()).startsWith("the server's identity")) {
                throw known;
            }
            throw new IllegalArgumentException("the server's identity is damaged: it is not PEM");
        }
        return blocks;
    }

    private static byte[] required(Map<Block, byte[]> blocks, Block block) {
        byte[] content = blocks.get(block);
        if (content == null) {
            throw new IllegalArgumentException("the server's identity is damaged: no " + block.title + " in it");
        }
        return content;
    }

    private static boolean belongTogether(PrivateKey key, PublicKey publicKey) throws GeneralSecurityException {
        if (!(key instanceof ECPrivateKey ec)
                || ec.getParams().getCurve().getField().getFieldSize() != 256) {
            return false;
        }
        byte[] sample = new byte[32];
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update(sample);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(sample);
        return signature.verify(signed);
    }

    /** Key, certificate and secret as three PEM blocks, for one file that only its owner may read. */
    public String toPem() {
        StringBuilder pem = new StringBuilder();
        append(pem, Block.KEY, key.getEncoded());
        append(pem, Block.CERTIFICATE, certificate());
        append(pem, Block.SECRET, bridgeCert.secret());
        return pem.toString();
    }

    /** Zeroes the content. */
    private static void append(StringBuilder pem, Block block, byte[] content) {
        pem.append("-----BEGIN ").append(block.title).append("-----\n");
        pem.append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content));
        Arrays.fill(content, (byte) 0);
        pem.append("\n-----END ").append(block.title).append("-----\n");
    }

    /** What clients need to know: the value of {@code cert=}. */
    public BridgeCert bridgeCert() {
        return bridgeCert;
    }

    /**
     * The same with key and certificate of another for strangers, so that what they see does not name this bridge. Where it
     * has a decoy they see neither.
     */
    public ServerIdentity withFront(ServerIdentity other) {
        return new ServerIdentity(this, other);
    }

    /** Whose key and certificate strangers meet. */
    ServerIdentity front() {
        return front == null ? this : front;
    }

    /** The key that signs the TLS handshake. */
    PrivateKey key() {
        return key;
    }

    /** The certificate, DER. */
    byte[] certificate() {
        return certificate.clone();
    }

    @Override
    public String toString() {
        return "ServerIdentity[redacted]";
    }
}
