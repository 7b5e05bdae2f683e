package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.ptspec.BridgeLine;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import java.util.regex.Pattern;

/** Whether a bridge line is one of this transport, and if not, what exactly is wrong with it. No value of an argument is repeated. */
public final class BridgeLineCheck {
    private static final String TRANSPORT = "utp";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\b(ADDRESS|FINGERPRINT|PORT)\\b|\u2026|cert=\\.");
    private static final Pattern HOST_NAME = Pattern.compile("(?i)[a-z0-9.-]*[a-z][a-z0-9.-]*:\\d{1,5}");

    private BridgeLineCheck() {}

    /** What else is asked of the arguments. */
    public interface Arguments {
        /**
         * Checks them.
         *
         * @throws PtParseException with one line that names the argument and not its value
         */
        void check(TransportArgs args) throws PtParseException;
    }

    /**
     * Looks at one.
     *
     * @param where where it stands, for the finding
     */
    public static Finding check(String where, String line, Arguments arguments) {
        try {
            BridgeLine parsed = BridgeLine.parse(line);
            if (!parsed.transport().equals(TRANSPORT)) {
                return Finding.fail(
                        where + ": it is for the transport " + parsed.transport() + ", this is " + TRANSPORT,
                        "Ask the bridge's operator for the line in pt_state/utp_bridgeline.txt of tor's DataDirectory.");
            }
            arguments.check(parsed.args());
            return Finding.ok(where + ": complete, " + IpAddresses.format(parsed.address())
                    + (parsed.fingerprint().isPresent() ? ", with a fingerprint" : ", without a fingerprint"));
        } catch (PtParseException e) {
            return Finding.fail(
                    where + ": " + String.valueOf(e.getMessage()).replaceFirst("^bridge line: ", ""),
                    hint(line),
                    "Bridge utp ADDRESS:PORT FINGERPRINT cert=");
        }
    }

    private static String hint(String line) {
        String form = "The form is as below, cert= followed by 87 characters; without tor there is no fingerprint.";
        if (PLACEHOLDER.matcher(line).find()) {
            return "A placeholder is still in it: put the bridge's own address, port and fingerprint there. " + form;
        }
        for (String word : line.strip().split("\\s+", -1)) {
            if (HOST_NAME.matcher(word).matches()) {
                return "The address is a number, not a name: nothing is looked up. " + form;
            }
        }
        return "Was it copied as a whole, in one line? " + form;
    }
}
