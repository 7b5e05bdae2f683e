package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Any bytes as the file that holds a bridge's identity, and as the value of {@code cert=}. */
class IdentityFuzzTest {
    @FuzzTest(maxDuration = "3s")
    void readsItOrSaysThatItIsDamaged(byte[] content) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        try {
            ServerIdentity identity = ServerIdentity.fromPem(text);
            assertEquals(
                    identity.bridgeCert(),
                    ServerIdentity.fromPem(identity.toPem()).bridgeCert());
        } catch (IllegalArgumentException e) {
            checkMessage(e, text);
        }
        try {
            assertEquals(text, BridgeCert.parse(text).encoded(), "one spelling for each value");
        } catch (IllegalArgumentException e) {
            checkMessage(e, text);
        }
    }

    private static void checkMessage(IllegalArgumentException e, String text) {
        String message = String.valueOf(e.getMessage());
        assertFalse(message.isEmpty() || message.contains("\n"), message);
        assertFalse(text.length() > 30 && message.contains(text), "the content is repeated");
    }
}
