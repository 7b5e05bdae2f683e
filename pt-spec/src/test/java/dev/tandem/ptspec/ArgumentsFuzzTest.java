package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** Any text as arguments, as a bridge line, as an address, and as a line of the log. */
class ArgumentsFuzzTest {
    private static final Pattern ONE_LINE = Pattern.compile("[ -~]+");

    @FuzzTest(maxDuration = "4s")
    void parsesWhatItFormatsOrRefuses(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        check(() -> {
            TransportArgs args = TransportArgs.parseSocks(text);
            assertEquals(args, TransportArgs.parseSocks(args.formatSocks()));
        });
        check(() -> {
            TransportArgs args = TransportArgs.parseSmethod(text);
            try {
                assertEquals(args, TransportArgs.parseSmethod(args.formatSmethod()));
            } catch (IllegalArgumentException e) {
                // what cannot be said in a line to tor is refused when it is formatted
            }
        });
        check(() -> {
            var options = TransportArgs.parseServerOptions(text);
            assertEquals(options, TransportArgs.parseServerOptions(TransportArgs.formatServerOptions(options)));
        });
        check(() -> {
            BridgeLine line = BridgeLine.parse(text);
            assertEquals(line, BridgeLine.parse(line.format()));
        });
        check(() -> {
            var address = IpAddresses.parseAddressPort(text);
            assertEquals(address, IpAddresses.parseAddressPort(IpAddresses.format(address)));
            assertEquals("[scrubbed]", AddressScrubber.scrub(text));
        });
        String line = AddressScrubber.scrub(text + " 192.0.2.77 [2001:db8::77]:443 ");
        assertFalse(line.endsWith("192.0.2.77 [2001:db8::77]:443 "), line);
        assertTrue(line.endsWith("[scrubbed] [scrubbed] "), line);
    }

    private interface Parsing {
        void run() throws PtParseException;
    }

    private static void check(Parsing parsing) {
        try {
            parsing.run();
        } catch (PtParseException e) {
            String message = String.valueOf(e.getMessage());
            assertTrue(ONE_LINE.matcher(message).matches(), message);
        }
    }
}
