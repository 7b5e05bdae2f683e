package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import java.nio.charset.StandardCharsets;

/** Any arguments of a bridge line, with a good {@code cert=} behind them if the first byte says so. */
class ClientArgumentsFuzzTest {
    @FuzzTest(maxDuration = "3s")
    void areTakenOrNamed(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        boolean good = input.length > 0 && (input[0] & 1) != 0;
        try {
            TransportArgs args = TransportArgs.parseSocks(text);
            ClientArguments parsed = ClientArguments.parse(good ? args.and("cert", Bridge.CERT) : args);
            assertFalse(parsed.toString().contains(Bridge.CERT));
        } catch (PtParseException e) {
            String message = String.valueOf(e.getMessage());
            assertTrue(message.lines().count() == 1, message);
            assertFalse(message.contains(Bridge.CERT), message);
        }
    }
}
