package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.recovery.LossRecovery;
import dev.tandem.utp.protocol.recovery.PathMtu;
import dev.tandem.utp.protocol.recovery.PeerClock;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All connections of one UDP socket: tells them apart, accepts, and connects. It does no I/O and has no clock; whoever
 * drives it hands in datagrams and the time, any number of calls, and then drains it:
 *
 * <pre>{@code
 * endpoint.handleDatagram(now, remote, datagram);       // and handleTimeout, connect, Connection.write ...
 * for (ConnectionEvent e; (e = endpoint.pollEvent()) != null; ) { ... }
 * for (Transmit t; (t = endpoint.pollTransmit(now, out.clear())) != null; ) { send(out.flip(), t.remote()); }
 * armTimer(endpoint.pollTimeout());
 * }</pre>
 *
 * Sending can make a connection writable, and handling an event can make something to send, so both are to be polled
 * until neither has more. Times are nanoseconds of any monotonic clock. Not safe for use by several threads.
 */
public final class Endpoint {
    /** {@link #pollTimeout()}: there is no deadline. */
    public static final long NO_TIMEOUT = LossRecovery.NONE;

    /** Bytes of UDP payload that every path takes. */
    public static final int BASE_DATAGRAM_BYTES = PathMtu.BASE_BYTES;

    private static final int MAX_ID_TRIES = 64;
    private static final int MAX_PENDING_RESETS = 1_024;
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** A connection is found by the peer's address and the id that the peer sends with. */
    static final class Key {
        private InetSocketAddress remote;
        private int receiveId;

        Key(InetSocketAddress remote, int receiveId) {
            this.remote = remote;
            this.receiveId = receiveId;
        }

        @Override
        public int hashCode() {
            return remote.hashCode() * 31 + receiveId;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && key.receiveId == receiveId && key.remote.equals(remote);
        }
    }

    private record PendingReset(InetSocketAddress remote, int id, int seqNr, int ackNr) {}

    private final EndpointConfig config;
    private final IntSupplier random;
    private final Map<Key, Connection> connections = new HashMap<>();

    /** Reused for look-ups, which would otherwise make one for each datagram. */
    private final Key probe = new Key(InetSocketAddress.createUnresolved("", 0), 0);

    private final HalfOpenTable halfOpen;

    /** Null if anybody may open connections. */
    private final @Nullable EarlySyns earlySyns;

    private final Packet packet = new Packet();
    private final ArrayDeque<ConnectionEvent> events = new ArrayDeque<>();

    /** Connections that may have something to send, in turn. */
    private final ArrayDeque<Connection> ready = new ArrayDeque<>();

    private final DeadlineHeap deadlines = new DeadlineHeap();

    /** Empty but while a timeout is handled. */
    private final ArrayDeque<Connection> due = new ArrayDeque<>();

    private final ArrayDeque<PendingReset> resets = new ArrayDeque<>();

    /** Handed out again while the datagrams are alike, as those of a bulk transfer are. */
    private @Nullable Transmit lastTransmit;

    private boolean accepting;
    private int live;
    private int resetsThisSecond;
    private long resetSecondNanos;
    private boolean resetSecondKnown;

    private long datagramsReceived;
    private long datagramsSent;
    private long malformed;
    private long unknown;
    private long refused;
    private long resetsSuppressed;
    private long resetsToStrangers;

    /**
     * @param random where connection ids and first sequence numbers come from; it should be unpredictable to strangers,
     *     since these numbers are what a forged packet has to match
     */
    public Endpoint(EndpointConfig config, IntSupplier random) {
        this.config = config;
        this.random = random;
        this.accepting = config.accepting();
        this.halfOpen = new HalfOpenTable(config.connection());
        SourceFilter filter = config.sources();
        this.earlySyns = filter == null ? null : new EarlySyns(filter);
    }

    /** Dials with the endpoint's own configuration of connections. */
    public Connection connect(long nowNanos, InetSocketAddress remote) {
        return connect(nowNanos, remote, config.connection());
    }

    /**
     * Dials. {@link ConnectionEvent.Kind#CONNECTED} or {@link ConnectionEvent.Kind#CLOSED} follows.
     *
     * @param remote a resolved address
     * @throws IllegalStateException if all connection ids toward this address are in use, or the endpoint's bound on
     *     connections is reached
     */
    public Connection connect(long nowNanos, InetSocketAddress remote, ConnectionConfig connectionConfig) {
        if (remote.isUnresolved()) {
            throw new IllegalArgumentException("the address is not resolved");
        }
        if (held() >= config.maxConnections()) {
            throw new IllegalStateException("too many connections");
        }
        int id = freeId(remote);
        Connection connection =
                Connection.dial(this, nowNanos, remote, connectionConfig, id, random.getAsInt() & SequenceNumbers.MASK);
        live++;
        connections.put(new Key(remote, id), connection);
        update(connection);
        ready(connection);
        return connection;
    }

    /** Whether SYNs of peers make connections, from now on. */
    public void accepting(boolean value) {
        accepting = value;
    }

    /**
     * An address is known from now on to the {@link EndpointConfig#sources() filter}: its SYNs that came shortly before are
     * answered.
     */
    public void handleSourceKnown(long nowNanos, InetAddress source) {
        if (earlySyns != null) {
            for (HalfOpenTable.HalfOpen syn : earlySyns.take(source)) {
                open(nowNanos, syn);
            }
        }
    }

    /** A datagram came. What is not µTP, or for nobody here, is counted and dropped; nothing is thrown. */
    public void handleDatagram(long nowNanos, InetSocketAddress remote, ByteBuffer datagram) {
        datagramsReceived++;
        if (!packet.decode(datagram)) {
            malformed++;
            return;
        }
        if (packet.type() == PacketType.SYN) {
            onSyn(nowNanos, remote);
            return;
        }
        Connection connection = find(remote, packet.connectionId());
        if (connection == null && packet.type() == PacketType.RESET) {
            connection = findBySendId(remote, packet.connectionId());
        }
        if (connection == null && halfOpen.size() > 0) {
            HalfOpenTable.HalfOpen entry = findHalfOpen(remote);
            if (entry != null && !entry.isConfirmedBy(packet)) {
                onUnconfirmed(entry);
                return;
            }
            connection = entry == null ? null : confirm(nowNanos, entry);
        }
        if (connection == null) {
            onUnknown(nowNanos, remote);
            return;
        }
        connection.onPacket(nowNanos, packet);
        update(connection);
        ready(connection);
    }

    /** A deadline may have passed; early and late calls are harmless. */
    public void handleTimeout(long nowNanos) {
        for (Connection first; (first = deadlines.first()) != null && first.heapDeadline - nowNanos <= 0; ) {
            deadlines.remove(first);
            due.add(first);
        }
        for (Connection connection; (connection = due.poll()) != null; ) {
            connection.onTimeout(nowNanos);
            update(connection);
            ready(connection);
        }
        halfOpen.onDeadline(nowNanos);
        if (earlySyns != null) {
            earlySyns.onDeadline(nowNanos);
        }
    }

    /**
     * Writes the next datagram to be sent.
     *
     * @param out receives one datagram at its position; it must have room for the largest one configured
     * @return where to send it, or null if there is nothing to send now
     */
    public @Nullable Transmit pollTransmit(long nowNanos, ByteBuffer out) {
        int start = out.position();
        PendingReset reset = resets.poll();
        if (reset != null) {
            int micros = PeerClock.micros(nowNanos);
            PacketWriter.header(out, PacketType.RESET, reset.id(), micros, 0, 0, reset.seqNr(), reset.ackNr());
            return transmit(reset.remote(), out.position() - start, false);
        }
        HalfOpenTable.HalfOpen answered = halfOpen.pollAnswer(nowNanos, out);
        if (answered != null) {
            return transmit(answered.remote(), out.position() - start, false);
        }
        Connection connection = ready.poll();
        while (connection != null) {
            if (connection.pollTransmit(nowNanos, out)) {
                ready.add(connection);
                return transmit(connection.remote(), out.position() - start, connection.mayFragment());
            }
            connection.isReady = false;
            update(connection);
            connection = ready.poll();
        }
        return null;
    }

    private Transmit transmit(InetSocketAddress remote, int bytes, boolean mayFragment) {
        datagramsSent++;
        Transmit last = lastTransmit;
        if (last == null
                || last.sizeBytes() != bytes
                || last.mayFragment() != mayFragment
                || !last.remote().equals(remote)) {
            last = new Transmit(remote, bytes, mayFragment);
            lastTransmit = last;
        }
        return last;
    }

    /** The next thing that happened, or null. */
    public @Nullable ConnectionEvent pollEvent() {
        return events.poll();
    }

    /** When {@link #handleTimeout} is to be called at the latest, or {@link #NO_TIMEOUT}. Exact once all is drained. */
    public long pollTimeout() {
        Connection first = deadlines.first();
        long deadline = Math.min(first == null ? NO_TIMEOUT : first.heapDeadline, halfOpen.deadline());
        return earlySyns == null ? deadline : Math.min(deadline, earlySyns.deadline());
    }

    /** What was counted so far. */
    public EndpointStats stats() {
        long silenced = resetsToStrangers + (earlySyns == null ? 0 : earlySyns.dropped());
        return new EndpointStats(
                datagramsReceived,
                datagramsSent,
                malformed,
                unknown,
                refused,
                resetsSuppressed,
                silenced,
                live,
                halfOpen.size(),
                earlySyns == null ? 0 : earlySyns.size());
    }

    /** For checks of its state: each connection, once for each id that leads to it. */
    Collection<Connection> connections() {
        return connections.values();
    }

    // ---- what connections call ----

    boolean isDontFragment() {
        return config.dontFragment();
    }

    void emit(ConnectionEvent event) {
        events.add(event);
    }

    void ready(Connection connection) {
        if (!connection.isReady && !connection.isDead()) {
            connection.isReady = true;
            ready.add(connection);
        }
    }

    void forget(Connection connection) {
        for (int id : connection.registeredIds()) {
            unregister(connection, id);
        }
        live--;
        deadlines.remove(connection);
    }

    /** Another id under which to find a connection, or -1 if there is none. */
    int registerAnotherId(Connection connection) {
        int id = freeId(connection.remote());
        if (id >= 0) {
            connections.put(new Key(connection.remote(), id), connection);
        }
        return id;
    }

    void unregister(Connection connection, int id) {
        probe.remote = connection.remote();
        probe.receiveId = id;
        connections.remove(probe);
    }

    void queueReset(InetSocketAddress remote, int id, int seqNr, int ackNr) {
        if (resets.size() < MAX_PENDING_RESETS) {
            resets.add(new PendingReset(remote, id, seqNr, ackNr));
        }
    }

    // ---- finding and making connections ----

    private @Nullable Connection find(InetSocketAddress remote, int receiveId) {
        probe.remote = remote;
        probe.receiveId = receiveId & SequenceNumbers.MASK;
        return connections.get(probe);
    }

    /** libutp's RESET comes with the id of the packet that it answers, which is the one we send with. */
    private @Nullable Connection findBySendId(InetSocketAddress remote, int sendId) {
        Connection dialled = find(remote, sendId - 1);
        if (dialled != null && dialled.isInitiator()) {
            return dialled;
        }
        Connection accepted = find(remote, sendId + 1);
        return accepted != null && !accepted.isInitiator() ? accepted : null;
    }

    private void onSyn(long nowNanos, InetSocketAddress remote) {
        if (find(remote, packet.connectionId() + 1) != null) {
            // The same SYN again, overtaken by what confirmed it.
            return;
        }
        // The look-up has left the key of the connection that this SYN would make.
        HalfOpenTable.HalfOpen existing = halfOpen.find(probe);
        if (existing != null) {
            halfOpen.onRepeatedSyn(nowNanos, existing, packet);
            return;
        }
        if (!accepting) {
            refused++;
            refuse(nowNanos, remote);
            return;
        }
        if (earlySyns == null || isKnown(remote)) {
            open(nowNanos, halfOpen(nowNanos, remote));
        } else if (!earlySyns.isKept(probe)) {
            earlySyns.add(nowNanos, halfOpen(nowNanos, remote));
        }
    }

    private HalfOpenTable.HalfOpen halfOpen(long nowNanos, InetSocketAddress remote) {
        return new HalfOpenTable.HalfOpen(nowNanos, remote, packet, random.getAsInt() & SequenceNumbers.MASK);
    }

    private void open(long nowNanos, HalfOpenTable.HalfOpen syn) {
        if (held() >= config.maxConnections() || halfOpen.size() >= config.maxHalfOpen()) {
            refused++;
        } else {
            halfOpen.add(nowNanos, syn);
        }
    }

    private boolean isKnown(InetSocketAddress remote) {
        SourceFilter filter = config.sources();
        return filter == null || filter.known().test(remote.getAddress());
    }

    /** Connections and what may become one. */
    private int held() {
        return live + halfOpen.size();
    }

    private HalfOpenTable.@Nullable HalfOpen findHalfOpen(InetSocketAddress remote) {
        probe.remote = remote;
        probe.receiveId = packet.connectionId();
        HalfOpenTable.HalfOpen entry = halfOpen.find(probe);
        if (entry == null && packet.type() == PacketType.RESET) {
            probe.receiveId = SequenceNumbers.plus(packet.connectionId(), 1);
            entry = halfOpen.find(probe);
        }
        return entry;
    }

    /** A packet for a half-open connection that does not confirm it: a RESET, or one with numbers that do not fit. */
    private void onUnconfirmed(HalfOpenTable.HalfOpen entry) {
        if (packet.type() == PacketType.RESET && entry.isResetBy(packet)) {
            halfOpen.remove(new Key(entry.remote(), entry.receiveId()));
        }
    }

    private Connection confirm(long nowNanos, HalfOpenTable.HalfOpen entry) {
        Key key = new Key(entry.remote(), entry.receiveId());
        halfOpen.remove(key);
        Connection connection = Connection.accept(this, nowNanos, config.connection(), entry);
        live++;
        connections.put(key, connection);
        emit(new ConnectionEvent(connection, ConnectionEvent.Kind.INCOMING));
        return connection;
    }

    private void onUnknown(long nowNanos, InetSocketAddress remote) {
        unknown++;
        if (packet.type() != PacketType.RESET) {
            refuse(nowNanos, remote);
        }
    }

    /**
     * Answers with RESET, as libutp does: the received id, acknowledging the received packet. Silence for those that are
     * to learn nothing.
     */
    private void refuse(long nowNanos, InetSocketAddress remote) {
        if (!isKnown(remote)) {
            resetsToStrangers++;
            return;
        }
        if (!resetSecondKnown || nowNanos - resetSecondNanos >= SECOND_NANOS) {
            resetSecondKnown = true;
            resetSecondNanos = nowNanos;
            resetsThisSecond = 0;
        }
        if (resetsThisSecond >= config.resetsPerSecond()) {
            resetsSuppressed++;
            return;
        }
        resetsThisSecond++;
        queueReset(remote, packet.connectionId(), random.getAsInt() & SequenceNumbers.MASK, packet.seqNr());
    }

    /** An unpredictable id whose neighbours are free as well, since a RESET may come with either of a pair; or -1. */
    private int freeId(InetSocketAddress remote) {
        for (int i = 0; i < MAX_ID_TRIES; i++) {
            int id = random.getAsInt() & SequenceNumbers.MASK;
            if (find(remote, id - 1) == null && find(remote, id) == null && find(remote, id + 1) == null) {
                return id;
            }
        }
        return -1;
    }

    private void update(Connection connection) {
        if (!connection.isDead()) {
            deadlines.update(connection, connection.deadline());
        }
    }
}
