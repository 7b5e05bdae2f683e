package dev.tandem.utp.paired.strangers;

import dev.tandem.utp.paired.crypto.Hkdf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * What a client puts in the place of the legacy session id of its ClientHello, which is 32 random bytes in other clients.
 * Without the bridge's secret the two cannot be told apart.
 */
public final class Marker {
    /** The length of a marker, and of the client random that it is made of. */
    public static final int LENGTH = 32;

    private static final byte[] LABEL = "tandem 1 marker".getBytes(StandardCharsets.US_ASCII);
    private static final int HOUR_SECONDS = 3_600;

    private Marker() {}

    /** HMAC-SHA256(secret, label | client random | hour). */
    public static byte[] make(byte[] secret, byte[] clientRandom, int hour) {
        byte[] time = ByteBuffer.allocate(Integer.BYTES).putInt(hour).array();
        return Hkdf.hmac(secret, LABEL, clientRandom, time);
    }

    /** Hours since 1970, UTC. */
    public static int hour(Instant now) {
        return (int) Math.floorDiv(now.getEpochSecond(), HOUR_SECONDS);
    }
}
