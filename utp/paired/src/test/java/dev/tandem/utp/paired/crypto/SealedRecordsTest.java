package dev.tandem.utp.paired.crypto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SealedRecordsTest {
    private static LinkKeys keys(String exported, String secret) {
        return LinkKeys.derive(
                (label, length) -> Arrays.copyOf(
                        Hkdf.hmac(exported.getBytes(StandardCharsets.UTF_8), label.getBytes(StandardCharsets.US_ASCII)),
                        length),
                Arrays.copyOf(secret.getBytes(StandardCharsets.UTF_8), 32));
    }

    private final SealedRecords client;
    private final SealedRecords server;

    SealedRecordsTest() {
        PairingKeys a = keys("session", "secret").pairing(0);
        PairingKeys b = keys("session", "secret").pairing(0);
        client = new SealedRecords(a.clientToServer(), a.serverToClient());
        server = new SealedRecords(b.serverToClient(), b.clientToServer());
    }

    private static ByteBuf sealed(SealedRecords by, byte[] plaintext) throws GeneralSecurityException {
        ByteBuf out = Unpooled.buffer();
        by.seal(Unpooled.wrappedBuffer(plaintext), out);
        return out;
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void everyLengthComesBack() throws Exception {
        for (int length : new int[] {1, 2, 15, 16, 17, 1400, 4096, SealedRecords.MAX_PLAINTEXT}) {
            ByteBuf record = sealed(client, bytes(length));
            assertEquals(length + SealedRecords.OVERHEAD, record.readableBytes());
            assertArrayEquals(bytes(length), ByteBufUtil.getBytes(server.open(record)));
            assertFalse(record.isReadable());
        }
        assertArrayEquals(bytes(9), ByteBufUtil.getBytes(client.open(sealed(server, bytes(9)))));
    }

    @Test
    void everyAlteredByteIsNoticed() throws Exception {
        int length = sealed(client, bytes(40)).readableBytes();
        for (int i = 0; i < length; i++) {
            SealedRecordsTest pair = new SealedRecordsTest();
            ByteBuf record = sealed(pair.client, bytes(40));
            record.setByte(i, record.getByte(i) ^ 0x20);
            // An altered length asks for other bytes than came; here there are some to take.
            record.writeZero(0x4000);
            assertThrows(GeneralSecurityException.class, () -> pair.server.open(record), "byte " + i);
        }
    }

    @Test
    void replayedReorderedAndForeignRecordsDoNotOpen() throws Exception {
        ByteBuf first = sealed(client, bytes(10));
        ByteBuf again = first.copy();
        ByteBuf second = sealed(client, bytes(10));
        server.open(first);
        assertThrows(GeneralSecurityException.class, () -> server.open(again));

        SealedRecordsTest other = new SealedRecordsTest();
        sealed(other.client, bytes(10));
        ByteBuf early = sealed(other.client, bytes(10));
        assertThrows(GeneralSecurityException.class, () -> other.server.open(early));

        // Back at the one that sealed it: each direction has a key of its own.
        assertThrows(GeneralSecurityException.class, () -> client.open(second));
    }

    @Test
    void impossibleLengthsAreRefusedBeforeAnythingIsRead() {
        for (int header : new int[] {0, 1, 16, SealedRecords.MAX_PLAINTEXT + 17, 0xffff}) {
            assertThrows(GeneralSecurityException.class, () -> SealedRecords.checkLength(header));
        }
        assertThrows(IllegalArgumentException.class, () -> sealed(client, new byte[0]));
        assertThrows(IllegalArgumentException.class, () -> sealed(client, new byte[SealedRecords.MAX_PLAINTEXT + 1]));
    }

    @Test
    void everyPairingAndSessionAndSecretHasKeysOfItsOwn() {
        LinkKeys keys = keys("session", "secret");
        assertEquals(keys.pairing(3).id(), keys("session", "secret").pairing(3).id());
        assertNotEquals(keys.pairing(0).id(), keys.pairing(1).id());
        assertNotEquals(keys.pairing(0).id(), keys("other", "secret").pairing(0).id());
        assertNotEquals(
                keys.pairing(0).id(), keys("session", "other").pairing(0).id());
        assertFalse(Arrays.equals(keys.proof(), keys("session", "other").proof()));
        assertFalse(Arrays.equals(keys.proof(), keys("other", "secret").proof()));
        assertFalse(Arrays.equals(keys.resumptionSecret(), keys.proof()));
        assertThrows(GeneralSecurityException.class, () -> {
            PairingKeys one = keys.pairing(1);
            ByteBuf record = sealed(client, bytes(5));
            new SealedRecords(one.serverToClient(), one.clientToServer()).open(record);
        });
    }

    /** So that a change of a label or of the order of things does not pass unnoticed. */
    @Test
    void derivationIsAsSpecified() {
        byte[] secret = Arrays.copyOf("secret".getBytes(StandardCharsets.UTF_8), 32);
        byte[] exported = Hkdf.hmac(
                "session".getBytes(StandardCharsets.UTF_8),
                "EXPORTER-tandem-1-keys".getBytes(StandardCharsets.US_ASCII));
        byte[] prk = Hkdf.extract(secret, exported);
        byte[] info = "tandem 1 utp id\0\0\0\7".getBytes(StandardCharsets.US_ASCII);
        assertEquals(
                HexFormat.of().formatHex(Hkdf.expand(prk, info, 48)),
                HexFormat.of()
                        .formatHex(keys("session", "secret").pairing(7).id().bytes()));
    }

    @Test
    void nothingSecretIsInAText() {
        LinkKeys keys = keys("session", "secret");
        assertTrue((keys + " " + keys.pairing(0) + " " + keys.pairing(0).id() + " "
                        + keys.pairing(0).clientToServer())
                .matches("(\\w+\\[redacted] ?)+"));
    }
}
