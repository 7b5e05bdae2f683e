package dev.tandem.utp.paired.crypto;

/** What one µTP connection of a session is known by and sealed with. */
public record PairingKeys(PairingId id, RecordKey clientToServer, RecordKey serverToClient) {
    @Override
    public String toString() {
        return "PairingKeys[redacted]";
    }
}
