package dev.tandem.utp.paired.strangers;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
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

        /** Where a caller comes from: equal for those who are counted together. */
        Object origin(Channel channel);

        /** One with the options of a socket to tor. */
        Bootstrap toOrPort();
    }

    /**
     * Callers beyond the bound on strangers. They wait as in front of any busy server, whatever they say meanwhile, until there is room.
     * The oldest makes room for a newer one: a client shows its marker at once, and those who fill the bound must not keep it out.
     */
    private static final int MAX_WAITING = 256;

    /**
     * What may wait in this process to be written to an ORPort's peer, or to the ORPort, and one read more: there are thousands of them,
     * and who has tor send and does not read must not fill the memory. The kernel's buffers hold what a path needs.
     */
    private static final WriteBufferWaterMark OR_PORT_MARK = new WriteBufferWaterMark(8 * 1024, 16 * 1024);

    private static final long TELL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final EventLoop loop;
    private final StrangerConfig config;
    private final Host host;
    private final MarkerMemory memory;
    private final MarkerCheck markers;
    private final WebServer web;
    /** Strangers, and who may be one, with what that costs. */
    private final Map<Channel, Object> present = new HashMap<>();

    /** How many of them there are from each origin. */
    private final Map<Object, Integer> origins = new HashMap<>();

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
        Caller caller = new Caller(this, host.origin(channel));
        channel.pipeline().addLast(caller);
        if (hasRoom(caller)) {
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

    private boolean hasRoom(Caller caller) {
        return present.size() < config.maxStrangers()
                && origins.getOrDefault(caller.origin(), 0) < config.maxPerAddress();
    }

    private void serve(Caller caller, Channel channel) {
        present.put(channel, caller.origin());
        origins.merge(caller.origin(), 1, Integer::sum);
        channel.closeFuture().addListener(closed -> leave(channel));
        caller.serve();
    }

    private void leave(Channel channel) {
        Object origin = present.remove(channel);
        if (origin != null) {
            origins.computeIfPresent(origin, (same, count) -> count == 1 ? null : count - 1);
        }
        for (Caller next; (next = oldestWithRoom()) != null; ) {
            waiting.remove(next);
            serve(next, next.channel());
        }
    }

    private @Nullable Caller oldestWithRoom() {
        if (present.size() >= config.maxStrangers()) {
            return null;
        }
        for (Caller caller : waiting) {
            if (hasRoom(caller)) {
                return caller;
            }
        }
        return null;
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
        new ArrayList<>(present.keySet()).forEach(Channel::close);
    }

    /** What was counted so far. */
    public StrangerStats stats() {
        return new StrangerStats(
                strangers, replays, overBound, decoyFailures, memory.forgotten(), present.size() + waiting.size());
    }

    @Nullable
    Decoy decoy() {
        return config.decoy();
    }

    boolean isBeforeOrPort() {
        return config.orPort();
    }

    /** With the options that a socket to the decoy is to have. */
    Bootstrap newBootstrap() {
        return config.orPort() ? host.toOrPort() : new Bootstrap();
    }

    @Nullable
    WriteBufferWaterMark waterMark() {
        return config.orPort() ? OR_PORT_MARK : null;
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
