package dev.tandem.utp.paired.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Everything that is derived from one TLS session and the bridge's secret ({@code LINK.md}, section 4): the proof, the
 * identifier and keys of each µTP connection, the session's identifier and the proof with which it is resumed.
 */
public final class LinkKeys {
    /** The exporter label of what the proof is made over. */
    public static final String PROOF_LABEL = "EXPORTER-tandem-1-proof";
    /** The exporter label of what the keys are derived from. */
    public static final String KEYS_LABEL = "EXPORTER-tandem-1-keys";

    public static final int PROOF_LENGTH = 32;

    private static final int EXPORT_LENGTH = 32;
    private static final int RECORD_KEY_LENGTH = RecordKey.KEY_LENGTH + RecordKey.IV_LENGTH;

    /** RFC 8446 7.5 / RFC 5705, with an empty context. */
    @FunctionalInterface
    public interface Exporter {
        byte[] export(String label, int length);
    }

    private final byte[] proof;
    private final byte[] pseudoRandomKey;
    private boolean destroyed;

    private LinkKeys(byte[] proof, byte[] pseudoRandomKey) {
        this.proof = proof;
        this.pseudoRandomKey = pseudoRandomKey;
    }

    /** Derives what does not depend on a pairing. Call it where the exporter works. */
    public static LinkKeys derive(Exporter exporter, byte[] bridgeSecret) {
        byte[] challenge = exporter.export(PROOF_LABEL, EXPORT_LENGTH);
        byte[] exported = exporter.export(KEYS_LABEL, EXPORT_LENGTH);
        try {
            byte[] proof = Hkdf.hmac(bridgeSecret, label("tandem 1 client proof"), challenge);
            return new LinkKeys(proof, Hkdf.extract(bridgeSecret, exported));
        } finally {
            Arrays.fill(challenge, (byte) 0);
            Arrays.fill(exported, (byte) 0);
        }
    }

    /** What the client sends in HELLO. */
    public byte[] proof() {
        requireKeys();
        return proof.clone();
    }

    /** Identifier and keys of the µTP connection of this number; every number gives others. */
    public PairingKeys pairing(int attempt) {
        return new PairingKeys(
                pairingId(attempt),
                new RecordKey(expand("tandem 1 utp c2s", attempt, RECORD_KEY_LENGTH)),
                new RecordKey(expand("tandem 1 utp s2c", attempt, RECORD_KEY_LENGTH)));
    }

    /** The identifier alone, for who expects it: keys that nobody uses yet need not lie about. */
    public PairingId pairingId(int attempt) {
        return new PairingId(expand("tandem 1 utp id", attempt, PairingId.LENGTH));
    }

    /** By which a client names this session when it resumes it. */
    public SessionId sessionId() {
        requireKeys();
        return new SessionId(Hkdf.expand(pseudoRandomKey, label("tandem 1 session id"), SessionId.LENGTH));
    }

    /** The secret of this session that whoever resumes it must know. */
    byte[] resumptionSecret() {
        requireKeys();
        return Hkdf.expand(pseudoRandomKey, label("tandem 1 resume"), 32);
    }

    /**
     * The proof that a client sends in RESUME, or that a server expects there.
     *
     * @param fresh what was derived from the new TLS session, to which the proof is bound
     * @param said what the client says with it
     */
    public byte[] resumeProof(LinkKeys fresh, byte[] said) {
        byte[] secret = resumptionSecret();
        byte[] binding = Hkdf.expand(fresh.pseudoRandomKey, label("tandem 1 resume binding"), 32);
        byte[] made = Hkdf.hmac(secret, label("tandem 1 resume proof"), binding, said);
        Arrays.fill(secret, (byte) 0);
        Arrays.fill(binding, (byte) 0);
        return made;
    }

    /** Forgets the keys; the object is of no use after this. */
    public void destroy() {
        destroyed = true;
        Arrays.fill(proof, (byte) 0);
        Arrays.fill(pseudoRandomKey, (byte) 0);
    }

    /** What is derived from zeros everybody knows. */
    private void requireKeys() {
        if (destroyed) {
            throw new IllegalStateException("the keys are destroyed");
        }
    }

    private byte[] expand(String label, int attempt, int length) {
        requireKeys();
        byte[] name = label(label);
        byte[] info =
                ByteBuffer.allocate(name.length + 4).put(name).putInt(attempt).array();
        return Hkdf.expand(pseudoRandomKey, info, length);
    }

    private static byte[] label(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        return "LinkKeys[redacted]";
    }
}
