package dev.tandem.client;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.TransportStatus;
import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionRelay;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Makes one session for one connection of tor's, or of whoever uses the standalone client, and logs its life. */
final class Dialer {
    /** What to do with the connection that waits for the session. */
    interface Waiting {
        /** The dial begins. */
        default void begin(SessionRelay relay) {}

        /**
         * The session is up: put the relay at the end of the connection's pipeline.
         *
         * @return whether it is there; if not, the connection is gone
         */
        boolean install(SessionRelay relay);

        /** There is no session. The cause is a {@code LinkException}. */
        void failed(Throwable cause);
    }

    private final LinkClient client;
    private final LinkConfig config;
    private final boolean udp;
    private final ProxyLog log;
    private final @Nullable TransportStatus status;

    /** @param udp whether there is UDP; otherwise sessions are of TLS alone */
    Dialer(LinkClient client, LinkConfig config, boolean udp, ProxyLog log, @Nullable TransportStatus status) {
        this.client = client;
        this.config = config;
        this.udp = udp;
        this.log = log;
        this.status = status;
    }

    /** Dials; on the event loop of the connection, which is the client's own. */
    void dial(InetSocketAddress bridge, ClientArguments arguments, Channel connection, Waiting waiting) {
        CarrierPolicy policy = arguments.options().policy();
        if (!udp && policy == CarrierPolicy.UTP) {
            fail(waiting, new LinkException(LinkException.Reason.PROXY, "carrier=utp, but it takes TCP only"));
            return;
        }
        SessionRelay relay = new SessionRelay(new Journal());
        waiting.begin(relay);
        LinkConfig wanted = arguments.options().applyTo(config).withPolicy(udp ? policy : CarrierPolicy.TLS);
        Future<Session> dial = client.dial(bridge, arguments.cert(), wanted, relay);
        // Nobody waits for the session any more: whatever stage the dial is in, it ends.
        connection.closeFuture().addListener(closed -> dial.cancel(false));
        dial.addListener((Future<Session> done) -> {
            if (!done.isSuccess()) {
                fail(waiting, done.cause());
                return;
            }
            if (status != null) {
                status.connected();
            }
            Session session = done.getNow();
            if (waiting.install(relay)) {
                relay.join(session);
            } else {
                session.reset(ResetReason.USER_CLOSED);
            }
        });
    }

    private void fail(Waiting waiting, Throwable cause) {
        log.warning("no session with the bridge: " + cause.getMessage());
        if (status != null) {
            status.failed(String.valueOf(cause.getMessage()));
        }
        waiting.failed(cause);
    }

    /** The lines in the log that a session leaves. */
    private final class Journal implements SessionRelay.Observer {
        @Override
        public void onCarrierChanged(
                Session session, @Nullable CarrierKind from, @Nullable CarrierKind to, String cause) {
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
                case FINISHED, RESET_LOCALLY, RESET_BY_PEER, SHUT_DOWN -> log.info(line);
                default -> log.warning(line);
            }
        }
    }
}
