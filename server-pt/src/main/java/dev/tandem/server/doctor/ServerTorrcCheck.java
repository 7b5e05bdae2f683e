package dev.tandem.server.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.doctor.Torrc;
import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether a bridge's torrc has tor offer this transport, and where. */
public final class ServerTorrcCheck {
    private static final String TRANSPORT = "utp";
    /** What a relay needs whose tor does not learn where its peers come from; server-pt/RELAY.md says why. */
    private static final List<String> RELAY_LINES = List.of(
            "AssumeReachable 1", "CountPrivateBandwidth 1", "DoSConnectionEnabled 0", "DoSCircuitCreationEnabled 0");

    private static final String LISTEN_EXAMPLE = "ServerTransportListenAddr utp 0.0.0.0:443";

    private final Torrc torrc;
    private final List<Finding> findings = new ArrayList<>();
    private @Nullable InetSocketAddress listening;
    private TransportArgs options = TransportArgs.empty();

    /** Looks at the lines. */
    public ServerTorrcCheck(Torrc torrc) {
        this.torrc = torrc;
        lookAtBridge();
        lookAtListener();
        lookAtOptions();
    }

    /** What was found. What the options say is not looked at here. */
    public List<Finding> findings() {
        return findings;
    }

    /** Where the transport is to listen; null if that is not said, or not understood. */
    public @Nullable InetSocketAddress listening() {
        return listening;
    }

    /** {@code ServerTransportOptions utp}; none if there are none, or they are not understood. */
    public TransportArgs options() {
        return options;
    }

    private void lookAtBridge() {
        boolean beforeOrPort = torrc.all("ServerTransportOptions", TRANSPORT).stream()
                .anyMatch(line -> line.words().contains("decoy=orport"));
        if (beforeOrPort) {
            lookAtRelay();
        } else if (!torrc.isOn("BridgeRelay")) {
            findings.add(Finding.warn(
                    "torrc: BridgeRelay is not 1",
                    "A relay that is no bridge is in the public list of relays, and its address with it. In torrc:",
                    "BridgeRelay 1"));
        } else {
            findings.add(Finding.ok("torrc: BridgeRelay 1"));
        }
        List<Torrc.Line> ports = torrc.all("ORPort");
        if (ports.stream()
                .allMatch(line -> line.value().isEmpty() || line.value().equals("0"))) {
            findings.add(Finding.fail(
                    "torrc: there is no ORPort",
                    "Without one tor is no relay, and starts no ServerTransportPlugin. In torrc:",
                    "ORPort 127.0.0.1:auto"));
        }
        if (!hasExtendedOrPort() && !beforeOrPort) {
            findings.add(Finding.note(
                    "torrc: there is no ExtORPort",
                    "It works without; but then tor does not know from which countries clients come, nor by which transport. In"
                            + " torrc:",
                    "ExtORPort auto"));
        }
    }

    private boolean hasExtendedOrPort() {
        return torrc.last("ExtORPort").map(line -> !line.value().equals("0")).orElse(false);
    }

    /** Strangers reach tor through the proxy, which introduces them only at an Extended ORPort. */
    private void lookAtRelay() {
        if (hasExtendedOrPort()) {
            findings.add(Finding.ok("torrc: tor learns where its peers come from (ExtORPort)"));
            return;
        }
        List<String> missing = RELAY_LINES.stream()
                .filter(line -> !torrc.last(line.replaceFirst(" .*", ""))
                        .map(there -> line.endsWith(" " + there.value()))
                        .orElse(false))
                .toList();
        if (missing.isEmpty()) {
            findings.add(Finding.ok("torrc: what a relay without ExtORPort needs behind decoy=orport"));
        } else {
            findings.add(Finding.warn(
                    "torrc: a relay behind decoy=orport, and tor sees its peers come from 127.0.0.1",
                    "It would find itself unreachable, not count them, or take them all for one that attacks. With ExtORPort auto"
                            + " it learns their addresses. Without, in torrc:",
                    missing.toArray(String[]::new)));
        }
    }

    private void lookAtListener() {
        List<Torrc.Line> lines = torrc.all("ServerTransportListenAddr", TRANSPORT);
        if (lines.isEmpty()) {
            findings.add(Finding.warn(
                    "torrc: there is no ServerTransportListenAddr for utp",
                    "tor chooses a port by chance then, and clients and firewalls are to know it. In torrc:",
                    LISTEN_EXAMPLE));
            return;
        }
        onlyFirst(lines);
        Torrc.Line line = lines.get(0);
        List<String> words = line.words();
        if (words.size() < 2) {
            findings.add(Finding.fail(line.where() + ": no ADDRESS:PORT", "In torrc:", LISTEN_EXAMPLE));
            return;
        }
        try {
            listening = IpAddresses.parseAddressPort(words.get(1));
        } catch (PtParseException e) {
            findings.add(Finding.fail(
                    line.where() + ": " + words.get(1) + ": " + e.getMessage(),
                    "An address, not a name. In torrc:",
                    LISTEN_EXAMPLE));
            return;
        }
        int port = listening.getPort();
        for (Torrc.Line or : torrc.all("ORPort")) {
            String where = or.words().isEmpty() ? "" : or.words().get(0);
            if (where.replaceFirst(".*:", "").equals(String.valueOf(port))
                    && !or.words().contains("NoListen")) {
                findings.add(Finding.fail(
                        line.where() + ": ORPort has port " + port + ", too",
                        "Both would listen there. tor's ORPort may be out of the way, in torrc:",
                        "ORPort 127.0.0.1:auto"));
            }
        }
        if (listening.getAddress().isLoopbackAddress()) {
            findings.add(Finding.warn(
                    line.where() + ": only this machine can reach " + words.get(1), "In torrc:", LISTEN_EXAMPLE));
        }
    }

    private void lookAtOptions() {
        List<Torrc.Line> lines = torrc.all("ServerTransportOptions", TRANSPORT);
        if (lines.isEmpty()) {
            return;
        }
        onlyFirst(lines);
        Torrc.Line line = lines.get(0);
        List<String> words = line.words();
        TransportArgs args = TransportArgs.empty();
        for (String word : words.subList(1, words.size())) {
            int equals = word.indexOf('=');
            if (equals < 1) {
                findings.add(Finding.fail(
                        line.where() + ": " + (equals < 0 ? "a word without =" : "no name before ="),
                        "tor does not take the line. Each option is KEY=VALUE, without spaces, in torrc:",
                        "ServerTransportOptions utp decoy=127.0.0.1:8443 max-sessions=1000"));
                return;
            }
            args = args.and(word.substring(0, equals), word.substring(equals + 1));
        }
        options = args;
    }

    /** pt-spec has one of each; tor passes on the first. */
    private void onlyFirst(List<Torrc.Line> lines) {
        for (Torrc.Line line : lines.subList(1, lines.size())) {
            findings.add(Finding.warn(
                    line.where() + ": the second one for utp",
                    "tor passes on the first one only: join them, or remove this line."));
        }
    }
}
