package dev.tandem.client;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.TransportStatus;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionRelay;
import org.jspecify.annotations.Nullable;

/**
 * The lines in the log that a session leaves.
 *
 * @param status who else is told of connections and carriers, or null
 */
record SessionJournal(ProxyLog log, @Nullable TransportStatus status) implements SessionRelay.Observer {
    @Override
    public void onCarrierChanged(Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
        log.info("sending on " + (to == null ? "nothing" : to) + " now: " + cause);
        if (status != null && to != null) {
            // Told before its own listener hears of the session.
            status.connected();
            status.carrier(to.toString());
        }
    }

    @Override
    public void onClosed(Session session, CloseReason reason, String detail) {
        String line = "session ended: " + detail + "; " + session.stats().summary();
        switch (reason) {
            case FINISHED, RESET_LOCALLY, RESET_BY_PEER, SHUT_DOWN, IDLE -> log.info(line);
            default -> log.warning(line);
        }
    }
}
