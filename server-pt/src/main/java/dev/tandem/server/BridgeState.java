package dev.tandem.server;

import dev.tandem.ptspec.IpAddresses;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.paired.ServerIdentity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;

/** What a bridge keeps in its state folder: its identity, made once, and the line that its clients need. */
final class BridgeState {
    static final String IDENTITY_FILE = "identity.pem";
    /** Key and certificate that strangers meet where there is no decoy. */
    static final String FRONT_FILE = "front.pem";

    static final String BRIDGE_LINE_FILE = "utp_bridgeline.txt";
    private static final int MAX_IDENTITY_BYTES = 64 << 10;

    private final StateFolder folder;

    BridgeState(StateFolder folder) {
        this.folder = folder;
    }

    /**
     * The bridge's identity. A damaged one is not replaced: clients would be locked out, and the operator should know.
     *
     * @throws IOException with a single line that names the file
     */
    ServerIdentity identity() throws IOException {
        String clientsLoss = "; restore it, or delete it and give clients the new bridge line";
        return kept(IDENTITY_FILE, clientsLoss).withFront(kept(FRONT_FILE, "; restore it, or delete it"));
    }

    private ServerIdentity kept(String file, String advice) throws IOException {
        Optional<byte[]> stored = folder.read(file, MAX_IDENTITY_BYTES);
        if (stored.isPresent()) {
            try {
                return ServerIdentity.fromPem(new String(stored.get(), StandardCharsets.US_ASCII));
            } catch (IllegalArgumentException e) {
                throw new IOException(file + " in the state folder: " + e.getMessage() + advice, e);
            } finally {
                Arrays.fill(stored.get(), (byte) 0);
            }
        }
        ServerIdentity identity = ServerIdentity.generate(new SecureRandom());
        byte[] pem = identity.toPem().getBytes(StandardCharsets.US_ASCII);
        folder.write(file, pem);
        Arrays.fill(pem, (byte) 0);
        return identity;
    }

    /**
     * Writes the line for clients.
     *
     * @param withFingerprint whether a place for the relay's fingerprint belongs into it
     * @return the line, without {@code Bridge} in front
     */
    String writeBridgeLine(ServerIdentity identity, InetSocketAddress listening, boolean withFingerprint)
            throws IOException {
        String address = listening.getAddress().isAnyLocalAddress()
                ? "ADDRESS:" + listening.getPort()
                : IpAddresses.format(listening);
        String line = "utp " + address + (withFingerprint ? " FINGERPRINT" : "") + " cert="
                + identity.bridgeCert().encoded();
        String hint = withFingerprint
                ? "# FINGERPRINT: the second word in the file 'fingerprint' of tor's DataDirectory.\n"
                : "";
        String text = "# For a client's torrc. Whoever has this line can use the bridge: give it to nobody else.\n"
                + "# ADDRESS, where it says so: the one at which clients reach this machine.\n"
                + hint + "Bridge " + line + "\n";
        folder.write(BRIDGE_LINE_FILE, text.getBytes(StandardCharsets.US_ASCII));
        return line;
    }
}
