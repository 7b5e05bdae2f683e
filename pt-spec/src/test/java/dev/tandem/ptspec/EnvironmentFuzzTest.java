package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Any environment: each line of the input is a variable's number and its value. */
class EnvironmentFuzzTest {
    private static final String[] NAMES = {
        "TOR_PT_MANAGED_TRANSPORT_VER",
        "TOR_PT_STATE_LOCATION",
        "TOR_PT_EXIT_ON_STDIN_CLOSE",
        "TOR_PT_CLIENT_TRANSPORTS",
        "TOR_PT_SERVER_TRANSPORTS",
        "TOR_PT_SERVER_BINDADDR",
        "TOR_PT_SERVER_TRANSPORT_OPTIONS",
        "TOR_PT_ORPORT",
        "TOR_PT_EXTENDED_SERVER_PORT",
        "TOR_PT_AUTH_COOKIE_FILE",
        "TOR_PT_PROXY",
        "TOR_PT_OUTBOUND_BIND_ADDRESS_V4",
        "TOR_PT_OUTBOUND_BIND_ADDRESS_V6",
    };

    @FuzzTest(maxDuration = "4s")
    void isParsedOrToldInTheRightLine(byte[] input) {
        Map<String, String> variables = new HashMap<>();
        for (String line : new String(input, StandardCharsets.UTF_8).split("\n", 40)) {
            if (!line.isEmpty()) {
                variables.put(NAMES[line.charAt(0) % NAMES.length], line.substring(1));
            }
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TransportMessages messages = new TransportMessages(out);
        try {
            messages.version(ManagedEnvironment.negotiateVersion(variables));
            ManagedEnvironment environment = ManagedEnvironment.parse(variables);
            assertTrue(environment.stateLocation().isAbsolute());
            assertEquals("VERSION 1\n", out.toString(StandardCharsets.US_ASCII));
        } catch (StartupException e) {
            e.report(messages);
            String[] lines = out.toString(StandardCharsets.US_ASCII).split("\n", -1);
            String last = lines[lines.length - 2];
            assertTrue(last.matches("(VERSION|ENV|PROXY)-ERROR [ -~]+"), last);
            assertTrue(lines.length <= 4, "a line that nobody wrote");
        }
    }
}
