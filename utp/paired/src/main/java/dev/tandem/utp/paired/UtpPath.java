package dev.tandem.utp.paired;

import dev.tandem.utp.paired.memory.PathMemory;
import dev.tandem.utp.paired.memory.Place;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Whether µTP reaches the bridge of one dial from here: asks the client's memory before each dial of µTP, and tells it what
 * came of it. Where "here" cannot be told, nothing is remembered.
 */
final class UtpPath {
    private final PathMemory memory;
    private final LinkNetwork network;
    private final @Nullable InetSocketAddress local;
    private final InetSocketAddress bridge;
    /** Where the last dial went. */
    private @Nullable Place place;

    private long dialledNanos;
    /** The last dial came to nothing, and it is still to be seen whether TLS works. */
    private boolean unjudged;

    UtpPath(PathMemory memory, LinkNetwork network, @Nullable InetSocketAddress local, InetSocketAddress bridge) {
        this.memory = memory;
        this.network = network;
        this.local = local;
        this.bridge = bridge;
    }

    /** Whether µTP is known to be blocked: then a session begins without it. */
    boolean isBlocked() {
        Place here = look();
        return here != null && memory.isBlocked(here);
    }

    /**
     * Asks to dial; if it is granted, the dial counts as made.
     *
     * @return seconds until it may be asked again; 0 if it is granted
     */
    long takeDial(long nowNanos) {
        Place here = look();
        long wait = here == null ? 0 : memory.takeDial(here);
        if (wait == 0) {
            begin(here, nowNanos);
        }
        return wait;
    }

    /** A dial is made that need not be granted. */
    void dial(long nowNanos) {
        begin(look(), nowNanos);
    }

    private void begin(@Nullable Place here, long nowNanos) {
        place = here;
        dialledNanos = nowNanos;
        unjudged = false;
    }

    private @Nullable Place look() {
        InetAddress here = local != null ? local.getAddress() : network.localAddress(bridge);
        return here == null ? null : Place.of(bridge, here);
    }

    /** How long ago the last dial was. */
    long sinceDialNanos(long nowNanos) {
        return nowNanos - dialledNanos;
    }

    /** The last dial came to nothing. */
    void handleFailed(@Nullable LinkSession session) {
        unjudged = true;
        judge(session);
    }

    /** It counts against µTP only if the bridge spoke over TLS meanwhile: else it is the bridge, or all of the network. */
    void judge(@Nullable LinkSession session) {
        if (unjudged && place != null && session != null && session.hasHeardTlsSince(dialledNanos)) {
            unjudged = false;
            memory.learnBlocked(place);
        }
    }

    void handleWorks() {
        unjudged = false;
        if (place != null) {
            memory.learnWorks(place);
        }
    }
}
