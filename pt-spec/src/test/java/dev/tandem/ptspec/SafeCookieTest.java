package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeCookieTest {
    private static final byte[] CLIENT_NONCE = sequence(0x20);
    private static final byte[] SERVER_NONCE = sequence(0x40);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    /** Computed with Python's hmac for cookie 00…1f, client nonce 20…3f and server nonce 40…5f. */
    @Test
    void hashesAsTheSpecificationSays() throws Exception {
        SafeCookie cookie = SafeCookie.parse(file(sequence(0)));
        assertEquals(
                "67cb22838690cf4c49434d4ea3164fbdcc936e46fd90ee62f511639a8456d133",
                HexFormat.of().formatHex(cookie.serverHash(CLIENT_NONCE, SERVER_NONCE)));
        assertEquals(
                "4becde5c2fe8a9fed908d74f79be128d73abfbf82c009d3bdc17b4bc02740d58",
                HexFormat.of().formatHex(cookie.clientHash(CLIENT_NONCE, SERVER_NONCE)));
    }

    @Test
    void verifiesEveryBit() throws Exception {
        SafeCookie cookie = SafeCookie.parse(file(sequence(0)));
        byte[] hash = cookie.serverHash(CLIENT_NONCE, SERVER_NONCE);
        assertTrue(cookie.verifyServerHash(hash, CLIENT_NONCE, SERVER_NONCE));
        for (int bit = 0; bit < 8 * hash.length; bit++) {
            byte[] wrong = hash.clone();
            wrong[bit / 8] ^= (byte) (1 << (bit % 8));
            assertFalse(cookie.verifyServerHash(wrong, CLIENT_NONCE, SERVER_NONCE), "bit " + bit);
        }
        assertFalse(cookie.verifyServerHash(hash, SERVER_NONCE, CLIENT_NONCE));
        assertFalse(cookie.verifyServerHash(cookie.clientHash(CLIENT_NONCE, SERVER_NONCE), CLIENT_NONCE, SERVER_NONCE));
    }

    @Test
    void readsAFile() throws Exception {
        Path path = Files.write(folder.resolve("cookie"), file(sequence(0)));
        SafeCookie cookie = SafeCookie.read(path);
        byte[] hash = SafeCookie.parse(file(sequence(0))).serverHash(CLIENT_NONCE, SERVER_NONCE);
        assertTrue(cookie.verifyServerHash(hash, CLIENT_NONCE, SERVER_NONCE));
        assertEquals("SafeCookie", cookie.toString());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 32, 63, 65, 4096})
    void refusesAFileOfAnotherLength(int length) throws Exception {
        Path path = Files.write(folder.resolve("cookie"), Arrays.copyOf(file(sequence(0)), length));
        IOException e = assertThrows(IOException.class, () -> SafeCookie.read(path));
        assertEquals("the Extended ORPort cookie file is not 64 bytes long", e.getMessage());
    }

    @Test
    void refusesAWrongHeader() {
        byte[] content = file(sequence(0));
        content[31] = '\r';
        IOException e = assertThrows(IOException.class, () -> SafeCookie.parse(content));
        assertEquals("the Extended ORPort cookie file has a wrong header", e.getMessage());
    }

    @Test
    void refusesAMissingFileAndAFolder() {
        IOException missing = assertThrows(IOException.class, () -> SafeCookie.read(folder.resolve("none")));
        assertEquals("the Extended ORPort cookie file is missing", missing.getMessage());
        IOException isFolder = assertThrows(IOException.class, () -> SafeCookie.read(folder));
        assertEquals("the Extended ORPort cookie file cannot be read", isFolder.getMessage());
    }

    private static byte[] file(byte[] cookie) {
        byte[] content = Arrays.copyOf("! Extended ORPort Auth Cookie !\n".getBytes(StandardCharsets.US_ASCII), 64);
        System.arraycopy(cookie, 0, content, 32, 32);
        return content;
    }

    private static byte[] sequence(int first) {
        byte[] bytes = new byte[32];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (first + i);
        }
        return bytes;
    }
}
