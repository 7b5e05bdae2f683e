package dev.tandem.utp.paired.strangers;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Sorts a server's TCP connections into clients and strangers, and sees to the strangers. On one event loop. */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already
public final class FrontDoor {
    /** What the server does. */
    public interface Host {
        /** A client: its handlers go to the end of the pipeline, and all that it sent follows. */
        void admit(Channel channel);

        /** A stranger, told once for each. */
        void turnAway(Stranger kind, Channel channel);

        /** Connections to the decoy failed since this was told last; told at most once a minute. */
        void decoyUnreachable(long times);
    }

    /**
     * Callers beyond the bound on strangers. They wait as in front of any busy server, whatever they say meanwhile, until there is room.
     * The oldest makes room for a newer one: a client shows its marker at once, and those who fill the bound must not keep it out.
     */
    private static final int MAX_WAITING = 256;

    private static final long TELL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final EventLoop loop;
    private final StrangerConfig config;
    private final Host host;
    private final MarkerMemory memory;
    private final MarkerCheck markers;
    private final WebServer web;
    /** Strangers, and who may be one, with what that costs. */
    private final Set<Channel> present = new HashSet<>();

    private final LinkedHashSet<Caller> waiting = new LinkedHashSet<>();

    private long strangers;
    private long replays;
    private long overBound;
    private long decoyFailures;
    private long decoyFailuresTold;
    private long toldNanos;

    /**
     * @param secret of the bridge
     * @param web what a stranger meets where there is no decoy
     */
    public FrontDoor(EventLoop loop, StrangerConfig config, byte[] secret, WebServer web, Host host) {
        this.loop = loop;
        this.config = config;
        this.host = host;
        this.web = web;
        this.memory = new MarkerMemory(config.maxMarkers());
        this.markers = new MarkerCheck(secret, config.clock(), memory);
    }

    /** A connection was accepted; nothing was read from it yet. */
    public void accept(Channel channel) {
        Caller caller = new Caller(this);
        channel.pipeline().addLast(caller);
        if (present.size() < config.maxStrangers()) {
            serve(caller, channel);
            return;
        }
        waiting.add(caller);
        channel.closeFuture().addListener(closed -> waiting.remove(caller));
        caller.waitForRoom();
        if (waiting.size() > MAX_WAITING) {
            displaceOldest();
        }
    }

    private void serve(Caller caller, Channel channel) {
        present.add(channel);
        channel.closeFuture().addListener(closed -> leave(channel));
        caller.serve();
    }

    private void leave(Channel channel) {
        present.remove(channel);
        while (present.size() < config.maxStrangers() && !waiting.isEmpty()) {
            Caller oldest = waiting.iterator().next();
            waiting.remove(oldest);
            serve(oldest, oldest.channel());
        }
    }

    private void displaceOldest() {
        Caller oldest = waiting.iterator().next();
        waiting.remove(oldest);
        oldest.displace();
    }

    /** Closes all that are not clients. */
    public void close() {
        while (!waiting.isEmpty()) {
            displaceOldest();
        }
        new ArrayList<>(present).forEach(Channel::close);
    }

    /** What was counted so far. */
    public StrangerStats stats() {
        return new StrangerStats(
                strangers, replays, overBound, decoyFailures, memory.forgotten(), present.size() + waiting.size());
    }

    @Nullable
    InetSocketAddress decoy() {
        return config.decoy();
    }

    WebServer web() {
        return web;
    }

    MarkerCheck.Verdict check(ByteBuf bytes) {
        return markers.check(bytes);
    }

    void admit(Caller caller, Channel channel) {
        waiting.remove(caller);
        host.admit(channel);
        leave(channel);
    }

    void turnAway(Channel channel, Stranger kind) {
        strangers++;
        switch (kind) {
            case NO_MARKER -> {}
            case REPLAYED -> replays++;
            case OVER_BOUND -> overBound++;
        }
        host.turnAway(kind, channel);
    }

    void onDecoyUnreachable() {
        decoyFailures++;
        long now = loop.ticker().nanoTime();
        if (decoyFailuresTold == 0 || now - toldNanos >= TELL_NANOS) {
            toldNanos = now;
            long untold = decoyFailures - decoyFailuresTold;
            decoyFailuresTold = decoyFailures;
            host.decoyUnreachable(untold);
        }
    }
}
