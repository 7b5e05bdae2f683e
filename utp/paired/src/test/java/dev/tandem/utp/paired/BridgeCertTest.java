package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BridgeCertTest {
    private static final ServerIdentity IDENTITY = ServerIdentity.generate(new SecureRandom());

    @Test
    void comesBackFromItsText() {
        BridgeCert cert = IDENTITY.bridgeCert();
        String text = cert.encoded();
        assertTrue(text.matches("[A-Za-z0-9_-]{87}"), text);
        assertEquals(cert, BridgeCert.parse(text));
        assertArrayEquals(cert.secret(), BridgeCert.parse(text).secret());
        assertNotEquals(cert, ServerIdentity.generate(new SecureRandom()).bridgeCert());
    }

    @Test
    void everythingElseIsRefusedInOneLineThatDoesNotRepeatIt() {
        String good = IDENTITY.bridgeCert().encoded();
        List<String> bad = List.of(
                "",
                "=",
                good + "=",
                good.substring(0, 86),
                good.substring(0, 40),
                good + "A",
                good + "AAAA",
                "B" + good.substring(1),
                good.substring(0, 50) + "+" + good.substring(51),
                good.substring(0, 50) + "/" + good.substring(51),
                good.substring(0, 50) + " " + good.substring(51),
                good.substring(0, 86) + "\n",
                good.substring(0, 50) + "é" + good.substring(51),
                // The spare bits of the last character.
                good.substring(0, 86) + (char) (good.charAt(86) + 1));
        for (String text : bad) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> BridgeCert.parse(text), text);
            String message = String.valueOf(e.getMessage());
            assertEquals(1, message.lines().count(), message);
            assertTrue(message.startsWith("cert="), message);
            assertTrue(text.length() < 10 || !message.contains(text), message);
        }
    }

    @Test
    void nothingSecretIsInAText() {
        assertEquals("BridgeCert[redacted]", IDENTITY.bridgeCert().toString());
        assertEquals("ServerIdentity[redacted]", IDENTITY.toString());
    }

    @Test
    void anIdentityComesBackFromItsPem() {
        ServerIdentity again = ServerIdentity.fromPem(IDENTITY.toPem());
        assertEquals(IDENTITY.bridgeCert(), again.bridgeCert());
        assertArrayEquals(IDENTITY.certificate(), again.certificate());
        assertTrue(Arrays.equals(IDENTITY.key().getEncoded(), again.key().getEncoded()));
    }

    @Test
    void aDamagedIdentityIsRefusedInOneLine() {
        String good = IDENTITY.toPem();
        String other = ServerIdentity.generate(new SecureRandom()).toPem();
        int certificate = good.indexOf("-----BEGIN CERTIFICATE");
        int secret = good.indexOf("-----BEGIN TANDEM");
        List<String> bad = List.of(
                "",
                "garbage",
                good.substring(0, certificate),
                good.substring(certificate),
                good.substring(0, secret),
                good.substring(0, good.length() - 20),
                good.substring(0, 100) + good.substring(104),
                good.substring(0, certificate + 200) + "!!!!" + good.substring(certificate + 204),
                good + good,
                // The key of one, the certificate of another.
                good.substring(0, certificate) + other.substring(other.indexOf("-----BEGIN CERTIFICATE")),
                good.substring(0, secret)
                        + "-----BEGIN TANDEM BRIDGE SECRET-----\nAAAA\n-----END TANDEM BRIDGE SECRET-----\n");
        for (String text : bad) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> ServerIdentity.fromPem(text));
            String message = String.valueOf(e.getMessage());
            assertEquals(1, message.lines().count(), message);
            assertTrue(message.startsWith("the server's identity is damaged"), message);
        }
        assertFalse(good.equals(other));
    }
}
