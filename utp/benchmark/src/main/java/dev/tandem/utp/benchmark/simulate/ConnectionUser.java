package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.protocol.ConnectionEvent;

/** Who uses a connection of a {@link SimulatedEndpoint}: attached to it. */
interface ConnectionUser {
    /** Something happened; may write, read and close. */
    void onEvent(ConnectionEvent.Kind kind);
}
