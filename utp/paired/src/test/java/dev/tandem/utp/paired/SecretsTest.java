package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.admission.Hello;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import dev.tandem.utp.paired.tls.TlsChannelHandler;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nothing that holds a secret says it, and what is over is forgotten. */
class SecretsTest {
    private static LinkKeys keys() {
        return LinkKeys.derive(
                (label, length) -> Arrays.copyOf(label.getBytes(StandardCharsets.US_ASCII), length),
                new byte[] {1, 2, 3});
    }

    private static SealedRecords records() {
        PairingKeys keys = keys().pairing(0);
        return new SealedRecords(keys.clientToServer(), keys.serverToClient());
    }

    static Stream<Object> holders() {
        return Stream.of(
                keys(),
                keys().pairing(1),
                keys().pairing(1).id(),
                keys().pairing(1).clientToServer(),
                records(),
                new SealedRecordHandler(records(), null),
                new TlsChannelHandler.Up(keys()),
                new Hello(CarrierPolicy.AUTO, 1, keys().proof(), false),
                LinkFixture.IDENTITY,
                LinkFixture.cert());
    }

    @ParameterizedTest
    @MethodSource("holders")
    void noSecretIsInAnyText(Object holder) throws Exception {
        String text = holder.toString().toLowerCase(Locale.ROOT);
        List<byte[]> secrets = new ArrayList<>();
        collect(holder, secrets, Collections.newSetFromMap(new IdentityHashMap<>()));
        assertFalse(secrets.isEmpty(), "nothing to hide in " + holder.getClass());
        for (byte[] secret : secrets) {
            byte[] some = Arrays.copyOf(secret, Math.min(6, secret.length));
            for (String spelled : List.of(
                    ByteBufUtil.hexDump(some),
                    Base64.getEncoder().withoutPadding().encodeToString(some),
                    Base64.getUrlEncoder().withoutPadding().encodeToString(some),
                    Arrays.toString(some).replaceAll("[\\[\\]]", ""))) {
                assertFalse(text.contains(spelled.toLowerCase(Locale.ROOT)), text);
            }
        }
        // Not the addresses of arrays either, which a record prints if it is left alone.
        assertFalse(text.contains("[b@"), text);
    }

    /** All byte arrays that an object of ours holds, directly or not. */
    private static void collect(Object object, List<byte[]> found, Set<Object> seen) throws Exception {
        if (!seen.add(object)) {
            return;
        }
        for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers())
                        || !type.getName().startsWith("dev.tandem")
                        || field.getType().isPrimitive()) {
                    continue;
                }
                field.setAccessible(true);
                Object value = field.get(object);
                if (value instanceof byte[] bytes) {
                    found.add(bytes);
                } else if (value != null && value.getClass().getName().startsWith("dev.tandem")) {
                    collect(value, found, seen);
                }
            }
        }
    }

    @Test
    void destroyedKeysAreZerosAndOfNoUse() throws Exception {
        LinkKeys keys = keys();
        SealedRecords records = records();
        List<byte[]> secrets = new ArrayList<>();
        collect(keys, secrets, Collections.newSetFromMap(new IdentityHashMap<>()));
        collect(records, secrets, Collections.newSetFromMap(new IdentityHashMap<>()));
        assertTrue(secrets.size() >= 6, "two of the session, two of each direction");
        keys.destroy();
        records.destroy();
        for (byte[] secret : secrets) {
            assertArrayEquals(new byte[secret.length], secret);
        }
        // Zeros would be keys that everybody knows.
        assertThrows(IllegalStateException.class, keys::proof);
        assertThrows(IllegalStateException.class, () -> keys.pairing(0));
        assertThrows(
                GeneralSecurityException.class,
                () -> records.seal(Unpooled.wrappedBuffer(new byte[1]), Unpooled.buffer(64)));
    }

    @Test
    void aSecretThatIsHandedOutIsACopy() {
        byte[] copy = LinkFixture.cert().secret();
        Arrays.fill(copy, (byte) 0);
        assertNotEquals(0, LinkFixture.cert().secret()[0] | LinkFixture.cert().secret()[1]);
    }

    /** What is left of it when the machine stopped in the middle of writing, say. */
    @Test
    void anIdentityThatWasCutOffIsRefusedInOneLine() {
        String pem = LinkFixture.IDENTITY.toPem();
        for (int length = 0; length < pem.length() - 1; length += 7) {
            String part = pem.substring(0, length);
            String message = String.valueOf(
                    assertThrows(IllegalArgumentException.class, () -> ServerIdentity.fromPem(part), "at " + length)
                            .getMessage());
            assertTrue(message.startsWith("the server's identity is damaged: "), message);
            assertFalse(message.contains("\n"), message);
        }
        assertArrayEquals(
                LinkFixture.cert().secret(),
                ServerIdentity.fromPem(pem).bridgeCert().secret());
    }
}
