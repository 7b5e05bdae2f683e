package dev.tandem.utp.paired.strangers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.ClientHellos;
import dev.tandem.utp.paired.ServerIdentity;
import dev.tandem.utp.paired.strangers.MarkerCheck.Verdict;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The marker in the bytes of real ClientHellos, in virtual time. */
class MarkerTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:30:00Z");
    private static final BridgeCert CERT =
            ServerIdentity.generate(new SecureRandom()).bridgeCert();

    private Instant now = NOW;
    private final InstantSource clock = () -> now;
    private final MarkerCheck check = new MarkerCheck(CERT.secret(), clock, new MarkerMemory(100));

    private static byte[] helloAt(Instant time) {
        return ClientHellos.marked(CERT, InstantSource.fixed(time));
    }

    private Verdict check(byte[] bytes) {
        ByteBuf buffer = Unpooled.wrappedBuffer(bytes);
        Verdict verdict = check.check(buffer);
        assertEquals(bytes.length, buffer.readableBytes(), "nothing is taken");
        return verdict;
    }

    /** A vector for other implementations. */
    @Test
    void isWhatTheSpecificationSays() {
        byte[] secret = new byte[32];
        byte[] random = new byte[32];
        Arrays.fill(secret, (byte) 1);
        Arrays.fill(random, (byte) 2);
        assertEquals(
                "14f588fb041d7a2dd5e31c9e83fd7f1b4d5a07bc315a6886403f529d2980f673",
                HexFormat.of().formatHex(Marker.make(secret, random, 492_300)));
    }

    @Test
    void standsInTheSessionIdOfARealClientHello() {
        byte[] hello = helloAt(NOW);
        byte[] random = Arrays.copyOfRange(hello, 11, 43);
        assertEquals(32, hello[43]);
        assertArrayEquals(Marker.make(CERT.secret(), random, Marker.hour(NOW)), Arrays.copyOfRange(hello, 44, 76));
        assertNotEquals(HexFormat.of().formatHex(hello, 11, 43), HexFormat.of().formatHex(helloAt(NOW), 11, 43));
    }

    /** The server knows with 76 bytes, and not before, however they come. */
    @Test
    void isDecidedAtTheLastOfSeventySixBytes() {
        byte[] hello = helloAt(NOW);
        for (int length = 0; length < 76; length++) {
            assertEquals(Verdict.UNDECIDED, check(Arrays.copyOf(hello, length)), length + " bytes");
        }
        assertEquals(Verdict.CLIENT, check(Arrays.copyOf(hello, 76)));
    }

    @ParameterizedTest
    @CsvSource({"-91, STRANGER", "-90, CLIENT", "-30, CLIENT", "0, CLIENT", "89, CLIENT", "90, STRANGER"})
    void isGoodInItsHourAndBesideIt(int clientMinutesAhead, Verdict expected) {
        assertEquals(expected, check(helloAt(NOW.plus(Duration.ofMinutes(clientMinutesAhead)))));
    }

    @Test
    void isGoodOnceForAsLongAsItIsGood() {
        byte[] hello = helloAt(NOW.plus(Duration.ofHours(1)));
        assertEquals(Verdict.CLIENT, check(hello));
        assertEquals(Verdict.REPLAY, check(hello));
        for (int i = 1; i <= 2; i++) {
            now = NOW.plus(Duration.ofHours(i));
            assertEquals(Verdict.REPLAY, check(hello));
        }
        now = NOW.plus(Duration.ofHours(3));
        assertEquals(Verdict.STRANGER, check(hello));
    }

    @Test
    void ofAnotherSecretIsNone() {
        BridgeCert other = ServerIdentity.generate(new SecureRandom()).bridgeCert();
        assertEquals(Verdict.STRANGER, check(ClientHellos.marked(other, clock)));
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 42, 44, 75})
    void isSpoiledByAnyBit(int at) {
        byte[] hello = helloAt(NOW);
        hello[at] ^= 1;
        assertEquals(Verdict.STRANGER, check(hello));
    }

    /** What cannot become a client's hello is known at the byte that shows it. */
    @ParameterizedTest
    @CsvSource({"0, 71", "1, 2", "2, 0", "2, 2", "3, 255", "5, 2", "6, 1", "9, 2", "10, 1", "43, 0", "43, 31"})
    void anotherPrefixIsAStrangersAtOnce(int at, int value) {
        byte[] hello = helloAt(NOW);
        hello[at] = (byte) value;
        int known = at == 3 ? 5 : at == 6 ? 9 : at == 9 ? 11 : at + 1;
        assertEquals(Verdict.STRANGER, check(Arrays.copyOf(hello, known)));
    }
}
