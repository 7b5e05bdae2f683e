package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.ChangeCause;
import dev.tandem.utp.paired.CloseReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Two session cores over modelled carriers, in virtual time. */
final class SessionPair {
    static final long MILLI = 1_000_000;
    static final long SECOND = 1000 * MILLI;

    final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);
    final Random random;
    final Side client;
    final Side server;
    /** Carriers that were opened, both ends of each. */
    final List<Link> links = new ArrayList<>();

    long delayNanos = 20 * MILLI;
    /** What a carrier takes until it is not writable. */
    int carrierBytes = 64 * 1024;

    double bytesPerSecond = 2_000_000;
    boolean utpReachable = true;
    /** What is sent to the port is answered by ICMP. */
    boolean utpRefused;
    /** If not, SYNs are lost; a dial fails when its time is over. */
    boolean tlsReachable = true;
    /** Nobody listens: a dial of TLS fails within a round trip. */
    boolean tlsRefused;
    /** The server knows no session any more. */
    boolean serverForgot;
    /** A NAT forgets a connection that is silent for so long: what is sent on it afterwards is lost. */
    long udpMappingNanos = SessionCore.NEVER;

    long tcpMappingNanos = SessionCore.NEVER;
    /** What the carriers cost on the wire: headers, tags and the transport's own acknowledgements included. */
    long wireBytes;

    int tlsDials;
    /** When TLS was dialled anew. */
    final List<Long> tlsDialNanos = new ArrayList<>();
    /** When µTP was dialled anew. */
    final List<Long> utpDialNanos = new ArrayList<>();
    /** The part of the most that each redial waits longer. */
    double jitter;

    long nowNanos;
    long events;

    /** Record header and tag, TCP and IPv4 with timestamps, and an acknowledgement. */
    private static final int TLS_WIRE_BYTES = 22 + 52 + 52;
    /** Record header and tag, µTP, UDP and IPv4, and an acknowledgement. */
    private static final int UTP_WIRE_BYTES = 18 + 48 + 48;

    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private long eventNumber;

    private record Event(long atNanos, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    SessionPair(long seed, CarrierPolicy policy, SessionParameters parameters) {
        random = new Random(seed);
        client = new Side("client", true, policy, parameters);
        server = new Side("server", false, policy, parameters);
        client.peer = server;
        server.peer = client;
    }

    /** TLS is up, and µTP is dialled unless the policy is tls. */
    void start() {
        open(CarrierKind.TLS, 0);
        client.core.raiseLimit(client.parameters.receiveBytes(), nowNanos);
        server.core.raiseLimit(client.parameters.receiveBytes(), nowNanos);
        if (client.policy != CarrierPolicy.TLS) {
            at(delayNanos, client::connected);
        }
    }

    Link open(CarrierKind kind, int attempt) {
        Link link = new Link(kind, attempt);
        links.add(link);
        if (kind == CarrierKind.TLS) {
            client.core.attach(link.fromClient, attempt, nowNanos);
            server.core.attach(link.fromServer, attempt, nowNanos);
        } else {
            client.core.attach(link.fromClient, attempt, nowNanos);
            server.arrived(link);
        }
        return link;
    }

    @Nullable
    Link last(CarrierKind kind) {
        for (int i = links.size() - 1; i >= 0; i--) {
            if (links.get(i).kind == kind) {
                return links.get(i);
            }
        }
        return null;
    }

    void at(long inNanos, Runnable action) {
        queue.add(new Event(nowNanos + inNanos, eventNumber++, action));
    }

    /** Runs until nothing is left to do or the time is over. */
    void runUntil(long endNanos) {
        while (true) {
            long next = queue.isEmpty() ? SessionCore.NEVER : queue.element().atNanos();
            long timer = Math.min(client.core.deadlineNanos(), server.core.deadlineNanos());
            long at = Math.min(next, timer);
            if (at > endNanos || at == SessionCore.NEVER) {
                nowNanos = Math.max(nowNanos, endNanos);
                return;
            }
            if (++events > 20_000_000) {
                throw new AssertionError("livelock at " + nowNanos);
            }
            nowNanos = Math.max(nowNanos, at);
            if (next <= timer) {
                queue.remove().action().run();
            } else {
                fire(client);
                fire(server);
            }
        }
    }

    private void fire(Side side) {
        if (side.core.deadlineNanos() <= nowNanos) {
            side.core.handleTimeout(nowNanos);
        }
    }

    long allocated() {
        return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
    }

    /** One connection, whose bytes take their time. */
    final class Link {
        final CarrierKind kind;
        final int attempt;
        final End fromClient;
        final End fromServer;
        boolean dead;
        boolean forgotten;
        private long usedNanos = nowNanos;

        Link(CarrierKind kind, int attempt) {
            this.kind = kind;
            this.attempt = attempt;
            fromClient = new End(this, client);
            fromServer = new End(this, server);
            fromClient.other = fromServer;
            fromServer.other = fromClient;
        }

        /** Loses what is under way; each side learns of it at its own time, if at all. */
        void die(long clientHearsNanos, long serverHearsNanos) {
            dead = true;
            fromClient.drop();
            fromServer.drop();
            at(clientHearsNanos, () -> client.core.handleClosed(fromClient, "died", nowNanos));
            at(serverHearsNanos, () -> server.core.handleClosed(fromServer, "died", nowNanos));
        }

        /** Nothing of it arrives from now on, and nobody says so. */
        void vanish() {
            forgotten = true;
            stall();
        }

        /** Delivers nothing in either direction until resumed. */
        void stall() {
            fromClient.stalled = true;
            fromServer.stalled = true;
        }

        void resume() {
            if (!forgotten) {
                fromClient.resume();
                fromServer.resume();
            }
        }

        /** Something is sent: the NAT knows the connection for another while, if it does still. */
        private void use(int bytes) {
            if (nowNanos - usedNanos > (kind == CarrierKind.TLS ? tcpMappingNanos : udpMappingNanos)) {
                vanish();
            }
            usedNanos = nowNanos;
            wireBytes += bytes + (kind == CarrierKind.TLS ? TLS_WIRE_BYTES : UTP_WIRE_BYTES);
        }
    }

    /** One direction of a connection, and the carrier of the side that sends in it. */
    final class End implements Carrier {
        final Link link;
        final Side sender;

        @Nullable
        End other;

        boolean stalled;
        boolean closed;
        private final ArrayDeque<ByteBuf> queued = new ArrayDeque<>();
        private int queuedBytes;
        private boolean busy;
        private boolean cut;

        End(Link link, Side sender) {
            this.link = link;
            this.sender = sender;
        }

        @Override
        public CarrierKind kind() {
            return link.kind;
        }

        @Override
        public boolean isWritable() {
            return queuedBytes < carrierBytes;
        }

        @Override
        public int maxWriteBytes() {
            return link.kind == CarrierKind.TLS ? Frames.MAX_FRAME : 4096;
        }

        @Override
        public void write(ByteBuf frames) {
            if (link.dead || closed) {
                frames.release();
                return;
            }
            link.use(frames.readableBytes());
            queued.add(frames);
            queuedBytes += frames.readableBytes();
            step();
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            closed = true;
            step();
        }

        @Override
        public void abort() {
            closed = true;
            drop();
            if (!stalled) {
                at(delayNanos, this::tellPeer);
            }
        }

        void drop() {
            queued.forEach(ByteBuf::release);
            queued.clear();
            queuedBytes = 0;
        }

        void resume() {
            stalled = false;
            step();
        }

        /** Puts the next bytes on their way, when the last ones have left. */
        private void step() {
            if (busy || stalled || link.dead) {
                return;
            }
            ByteBuf next = queued.poll();
            if (next == null) {
                if (closed) {
                    at(delayNanos, this::tellPeer);
                }
                return;
            }
            busy = true;
            long takes = (long) (next.readableBytes() / bytesPerSecond * SECOND);
            at(takes, () -> {
                busy = false;
                boolean wasFull = !isWritable();
                queuedBytes = Math.max(0, queuedBytes - next.readableBytes());
                if (link.dead) {
                    next.release();
                    return;
                }
                at(delayNanos, () -> arrive(next));
                step();
                if (wasFull && isWritable() && !closed) {
                    sender.core.handleWritable(nowNanos);
                }
            });
        }

        private void tellPeer() {
            End back = other;
            Side peer = sender.peer;
            if (back != null && peer != null && !link.dead) {
                peer.core.handleClosed(back, "closed by the other side", nowNanos);
            }
        }

        private void arrive(ByteBuf bytes) {
            End back = other;
            Side peer = sender.peer;
            if (link.dead || back == null || peer == null) {
                // A byte stream may end within what was written; a record that is not whole never opens.
                if (link.kind == CarrierKind.TLS && !cut && back != null && peer != null && bytes.readableBytes() > 1) {
                    cut = true;
                    int some = random.nextInt(bytes.readableBytes());
                    peer.core.handleBytes(back, bytes.readSlice(some), nowNanos);
                    peer.core.handleBytesComplete(nowNanos);
                }
                bytes.release();
                return;
            }
            if (!peer.receive(link, back, bytes)) {
                return;
            }
            try {
                while (bytes.isReadable()) {
                    int some = link.kind == CarrierKind.UTP || random.nextInt(4) > 0
                            ? bytes.readableBytes()
                            : 1 + random.nextInt(bytes.readableBytes());
                    peer.core.handleBytes(back, bytes.readSlice(some), nowNanos);
                }
                peer.core.handleBytesComplete(nowNanos);
            } finally {
                bytes.release();
            }
        }
    }

    /** A core with a user that writes so much and checks what it reads. */
    final class Side implements SessionHost {
        final String name;
        final CarrierPolicy policy;
        final SessionParameters parameters;
        final SessionCore core;

        @Nullable
        Side peer;

        long toWrite;
        boolean finishWhenWritten = true;
        long written;
        long read;
        boolean ended;

        @Nullable
        CloseReason closed;

        @Nullable
        String closeDetail;
        /** The reader takes a pause of up to so long after each read, if not zero. */
        long pauseNanos;

        long maxRetained;
        long maxHeld;
        long maxGapNanos;
        long lastReadNanos;
        final List<String> changes = new ArrayList<>();

        boolean detached;
        private int tlsDial;
        private int utpDial;
        private boolean paused;
        private int expectedAttempt;
        private final List<Link> early = new ArrayList<>();
        private final List<ByteBuf> earlyBytes = new ArrayList<>();

        Side(String name, boolean isClient, CarrierPolicy policy, SessionParameters parameters) {
            this.name = name;
            this.policy = policy;
            this.parameters = parameters;
            this.core = new SessionCore(isClient, policy, parameters, this, allocator, 0);
            this.core.autoRead(true, 0);
        }

        /** Writes while the session takes it. */
        void write() {
            if (closed != null) {
                return;
            }
            while (core.isWritable() && written < toWrite) {
                int length = (int) Math.min(toWrite - written, 1 + random.nextInt(16 * 1024));
                ByteBuf bytes = allocator.heapBuffer(length);
                for (int i = 0; i < length; i++) {
                    bytes.writeByte(pattern(name, written + i));
                }
                written += length;
                core.write(bytes);
                core.flush(nowNanos);
            }
            if (written == toWrite && finishWhenWritten) {
                finishWhenWritten = false;
                core.finish(nowNanos);
            }
        }

        @Override
        public void deliver(ByteBuf bytes) {
            Side from = peer;
            if (from == null || ended || paused) {
                throw new AssertionError(name + " got bytes out of turn");
            }
            while (bytes.isReadable()) {
                byte expected = pattern(from.name, read);
                if (bytes.readByte() != expected) {
                    throw new AssertionError(name + " got a wrong byte at " + read);
                }
                read++;
            }
            bytes.release();
            maxGapNanos = Math.max(maxGapNanos, nowNanos - lastReadNanos);
            lastReadNanos = nowNanos;
            note();
            if (pauseNanos > 0) {
                paused = true;
                core.autoRead(false, nowNanos);
                at((long) (random.nextDouble() * pauseNanos), () -> {
                    paused = false;
                    note();
                    core.autoRead(true, nowNanos);
                });
            }
        }

        private void note() {
            maxRetained = Math.max(maxRetained, core.stats().retainedBytes());
            maxHeld = Math.max(maxHeld, core.stats().heldBytes());
        }

        @Override
        public void deliverComplete() {}

        @Override
        public void deliverEnd() {
            if (ended) {
                throw new AssertionError(name + " got two ends");
            }
            ended = true;
        }

        @Override
        public void writabilityChanged() {
            note();
            if (core.isWritable()) {
                write();
            }
        }

        @Override
        public void carrierChanged(
                @Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause reason, String cause) {
            changes.add(nowNanos / MILLI + " ms: " + from + " to " + to + ", " + cause);
        }

        @Override
        public void payloadSent(CarrierKind kind, int bytes) {}

        @Override
        public void payloadReceived(CarrierKind kind, int bytes) {}

        @Override
        public void dialUtp() {
            int dial = ++utpDial;
            utpDialNanos.add(nowNanos);
            synchronise(dial, SECOND);
        }

        /** A SYN, and others while none is answered, each after twice the time. */
        private void synchronise(int dial, long timeoutNanos) {
            if (utpDial != dial) {
                return;
            }
            if (utpReachable) {
                at(delayNanos, this::connected);
            } else if (utpRefused) {
                at(2 * delayNanos, () -> core.handleUtpDialFailed(nowNanos));
            } else {
                at(timeoutNanos, () -> synchronise(dial, 2 * timeoutNanos));
            }
        }

        void connected() {
            int attempt = utpReachable ? core.beginPairing(nowNanos) : -1;
            if (attempt >= 0) {
                open(CarrierKind.UTP, attempt);
            }
        }

        @Override
        public void cancelUtpDial() {
            utpDial++;
        }

        @Override
        public void dialTls(long connectNanos) {
            int dial = ++tlsDials;
            tlsDialNanos.add(nowNanos);
            tlsDial = dial;
            connect(dial, connectNanos);
        }

        /** A SYN, and another one each second while none is answered. */
        private void connect(int dial, long leftNanos) {
            if (tlsDial != dial) {
                return;
            }
            if (tlsRefused || leftNanos <= 0) {
                at(2 * delayNanos, () -> {
                    if (tlsDial == dial) {
                        core.handleTlsDialFailed(nowNanos);
                    }
                });
            } else if (!tlsReachable) {
                at(Math.min(SECOND, leftNanos), () -> connect(dial, leftNanos - SECOND));
            } else {
                // TCP and TLS.
                at(4 * delayNanos, () -> {
                    if (tlsDial == dial) {
                        ResumePoint point = core.resumePoint();
                        at(delayNanos, () -> resume(dial, point));
                    }
                });
            }
        }

        @Override
        public long jitterNanos(long most) {
            return (long) (jitter * most);
        }

        @Override
        public void cancelTlsDial() {
            tlsDial = 0;
        }

        /** RESUME arrives at the server, and its answer, in time, at the client. */
        private void resume(int dial, ResumePoint point) {
            if (server.closed != null || serverForgot) {
                at(delayNanos, () -> {
                    if (tlsDial == dial) {
                        core.close(CloseReason.SESSION_UNKNOWN, null);
                    }
                });
                return;
            }
            if (!tlsReachable) {
                return;
            }
            Link link = new Link(CarrierKind.TLS, 0);
            links.add(link);
            try {
                server.core.resume(
                        link.fromServer, point, own -> at(delayNanos, () -> resumed(dial, link, own)), nowNanos);
            } catch (MalformedFrameException e) {
                throw new AssertionError(e);
            }
        }

        private void resumed(int dial, Link link, ResumePoint point) {
            if (tlsDial != dial || closed != null) {
                link.fromClient.abort();
            } else if (link.dead) {
                core.handleTlsDialFailed(nowNanos);
            } else if (!link.fromServer.stalled) {
                try {
                    core.resume(link.fromClient, point, own -> {}, nowNanos);
                } catch (MalformedFrameException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void detached(boolean now) {
            if (now == detached) {
                throw new AssertionError("detached twice");
            }
            detached = now;
        }

        @Override
        public void expectPairing(int attempt) {
            expectedAttempt = attempt;
            early.stream().filter(link -> link.attempt == attempt).toList().forEach(this::match);
        }

        void arrived(Link link) {
            if (link.attempt == expectedAttempt) {
                at(delayNanos, () -> match(link));
            } else {
                early.add(link);
            }
        }

        private void match(Link link) {
            early.remove(link);
            if (!link.dead && closed == null) {
                core.attach(link.fromServer, link.attempt, nowNanos);
                for (ByteBuf bytes : earlyBytes) {
                    core.handleBytes(link.fromServer, bytes, nowNanos);
                    bytes.release();
                }
                earlyBytes.clear();
                core.handleBytesComplete(nowNanos);
            }
        }

        /** Keeps the bytes of a connection that is not matched yet; true if the core is to have them. */
        boolean receive(Link link, End end, ByteBuf bytes) {
            if (link.kind == CarrierKind.TLS || !early.contains(link)) {
                return true;
            }
            if (closed == null) {
                earlyBytes.add(bytes);
            } else {
                bytes.release();
            }
            return false;
        }

        @Override
        public void closed(CloseReason reason, String detail) {
            closed = reason;
            closeDetail = detail;
            earlyBytes.forEach(ByteBuf::release);
            earlyBytes.clear();
        }

        @Override
        public String toString() {
            return name + ": read " + read + ", wrote " + written + " of " + toWrite + ", ended " + ended + ", closed "
                    + closed + " (" + closeDetail + "), " + core.stats() + ", " + changes;
        }
    }

    static byte pattern(String name, long offset) {
        long x = (offset + name.length()) * 0x9E3779B97F4A7C15L;
        return (byte) (x >>> 56);
    }

    @Override
    public String toString() {
        return "at " + nowNanos / MILLI + " ms\n" + client + "\n" + server;
    }
}
