package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Torrc;
import java.util.ArrayList;
import java.util.List;

/** Whether a client's torrc has tor use bridges of this transport. */
public final class ClientTorrcCheck {
    private ClientTorrcCheck() {}

    /** Looks at the lines. */
    public static List<Finding> check(Torrc torrc, BridgeLineCheck.Arguments arguments) {
        List<Finding> findings = new ArrayList<>();
        if (torrc.isOn("UseBridges")) {
            findings.add(Finding.ok("torrc: UseBridges 1"));
        } else {
            findings.add(Finding.fail(
                    "torrc: UseBridges is not 1",
                    "tor uses no bridge, and goes to its relays directly. In torrc:",
                    "UseBridges 1"));
        }
        List<Torrc.Line> bridges = torrc.all("Bridge", "utp");
        if (bridges.isEmpty()) {
            findings.add(Finding.fail(
                    "torrc: there is no bridge of the transport utp",
                    "The bridge's operator has the line, in pt_state/utp_bridgeline.txt of tor's DataDirectory. In torrc:",
                    "Bridge utp ADDRESS:PORT FINGERPRINT cert="));
        }
        for (Torrc.Line line : bridges) {
            findings.add(BridgeLineCheck.check(line.where(), line.value(), arguments));
        }
        return findings;
    }
}
