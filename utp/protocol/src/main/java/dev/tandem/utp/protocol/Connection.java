package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.recovery.LossRecovery;
import dev.tandem.utp.protocol.recovery.PathMtu;
import dev.tandem.utp.protocol.recovery.PeerClock;
import dev.tandem.utp.protocol.recovery.RttEstimator;
import dev.tandem.utp.protocol.recovery.SentPacket;
import dev.tandem.utp.protocol.trace.ConnectionTrace;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One µTP connection (BEP 29): a reliable stream of bytes in each direction, each ended by itself.
 *
 * <p>Made by {@link Endpoint#connect} or reported by {@link ConnectionEvent.Kind#INCOMING}. Nothing leaves before the
 * endpoint is drained with {@link Endpoint#pollTransmit}. Not safe for use by several threads.
 */
public final class Connection {
    private enum State {
        SYN_SENT,
        ESTABLISHED,
        /** Both directions ended; kept to answer a FIN that is repeated because our last word was lost. */
        LINGERING,
        DEAD
    }

    /** In extension 2 of our SYN and of our answer to one that has it; "tandem", then a version. */
    static final long OUR_KIND = 0x74616e64656d0001L;

    /** Where nothing can be found out of the path: libutp's over IPv4, so that datagrams pass wherever its do. */
    private static final int BLIND_DATAGRAM_BYTES_IPV4 = 1_402;

    private static final long MIN_RTO_OWN_NANOS = 250_000_000L;
    private static final long MIN_RTO_FOREIGN_NANOS = 500_000_000L;

    /** Longer than a peer without a round-trip sample needs for two timeouts, of one second and of two. */
    private static final long MIN_LINGER_NANOS = 4_000_000_000L;

    private static final long MAX_LINGER_NANOS = 16_000_000_000L;

    /** After how long a silence the storage is given back that a busy connection would need again at once. */
    private static final long TRIM_NANOS = 5_000_000_000L;

    /** How long a peer may go on sending to someone who no longer listens. */
    private static final long UNREAD_PATIENCE_NANOS = 10_000_000_000L;

    private final Endpoint endpoint;
    private final InetSocketAddress remote;
    private final ConnectionConfig config;
    private final boolean initiator;
    private final RttEstimator rtt = new RttEstimator(MIN_RTO_FOREIGN_NANOS);
    private final Sender sender;
    private final @Nullable ConnectionTrace trace;
    private @Nullable Receiver receiver;
    private State state;
    private @Nullable CloseReason closeReason;
    private @Nullable Object attachment;

    /** Place in the endpoint's structures, which alone use these. */
    int heapIndex = -1;

    long heapDeadline;
    boolean isReady;

    private int receiveId;
    private int sendId;

    /** The SYN's sequence number, ours or the peer's. */
    private final int synSeqNr;

    private final SynAttempts attempts = new SynAttempts();
    private final long createdNanos;

    private boolean peerIsOurKind;
    private final PeerClock peerClock = new PeerClock();
    private long lastHeardNanos;
    private long lastSentNanos;
    private boolean finTwinDue;
    private boolean keepAliveDue;
    private boolean closing;
    private boolean discarding;
    private long lingerDeadline = LossRecovery.NONE;
    private boolean readableSignalled;
    private boolean mayFragment;

    /** The events that come all the time, so that there need not be new ones. */
    private final ConnectionEvent readable = new ConnectionEvent(this, ConnectionEvent.Kind.READABLE);

    private final ConnectionEvent writable = new ConnectionEvent(this, ConnectionEvent.Kind.WRITABLE);

    private long packetsSent;
    private long packetsReceived;

    private Connection(
            Endpoint endpoint,
            long nowNanos,
            InetSocketAddress remote,
            ConnectionConfig config,
            boolean initiator,
            int synSeqNr,
            int nextSeqNr) {
        this.endpoint = endpoint;
        this.remote = remote;
        this.config = config;
        this.initiator = initiator;
        this.synSeqNr = synSeqNr;
        this.sender = new Sender(config, pathMtu(endpoint, config, remote), nextSeqNr, rtt);
        this.trace = config.trace().create(initiator);
        this.sender.recovery().trace(trace);
        this.createdNanos = nowNanos;
        this.lastHeardNanos = nowNanos;
        this.lastSentNanos = nowNanos;
        this.state = initiator ? State.SYN_SENT : State.ESTABLISHED;
    }

    /** Dials; the SYN's sequence number is unpredictable, unlike the 1 of BEP 29. */
    static Connection dial(
            Endpoint endpoint, long nowNanos, InetSocketAddress remote, ConnectionConfig config, int id, int synSeqNr) {
        Connection connection =
                new Connection(endpoint, nowNanos, remote, config, true, synSeqNr, SequenceNumbers.plus(synSeqNr, 1));
        connection.beginAttempt(nowNanos, id);
        return connection;
    }

    /** A SYN was answered, and its sender has confirmed it; our first DATA carries the answer's number again (libutp). */
    static Connection accept(
            Endpoint endpoint, long nowNanos, ConnectionConfig config, HalfOpenTable.HalfOpen halfOpen) {
        Connection connection = new Connection(
                endpoint, nowNanos, halfOpen.remote(), config, false, halfOpen.synSeqNr(), halfOpen.answerSeqNr());
        connection.receiveId = halfOpen.receiveId();
        connection.sendId = halfOpen.sendId();
        connection.receiver = new Receiver(config.receiveBufferBytes(), halfOpen.synSeqNr(), connection.rtt);
        connection.sender.onSynWindow(halfOpen.synWndSize());
        if (halfOpen.isOurKind()) {
            connection.peerIsOurKind();
        }
        if (connection.trace != null) {
            connection.trace.established(nowNanos);
        }
        return connection;
    }

    private static PathMtu pathMtu(Endpoint endpoint, ConnectionConfig config, InetSocketAddress remote) {
        boolean ipv6 = remote.getAddress() instanceof Inet6Address;
        if (config.maxDatagramBytes() != 0) {
            return PathMtu.fixed(config.maxDatagramBytes());
        }
        if (endpoint.isDontFragment()) {
            return PathMtu.search(ipv6 ? PathMtu.MAX_BYTES_IPV6 : PathMtu.MAX_BYTES_IPV4);
        }
        return PathMtu.fixed(ipv6 ? PathMtu.BASE_BYTES : BLIND_DATAGRAM_BYTES_IPV4);
    }

    // ---- what the owner of the connection calls ----

    /** The peer's address. */
    public InetSocketAddress remote() {
        return remote;
    }

    /** Whether we dialled. */
    public boolean isInitiator() {
        return initiator;
    }

    /** Whether the peer has shown that it is there, and the connection has not ended. */
    public boolean isEstablished() {
        return state == State.ESTABLISHED;
    }

    /** Why the connection ended, or null while it has not. */
    public @Nullable CloseReason closeReason() {
        return closeReason;
    }

    /** What the owner attached, for finding its own object in an event. */
    public @Nullable Object attachment() {
        return attachment;
    }

    /** Attaches an object of the owner's. */
    public void attachment(@Nullable Object value) {
        attachment = value;
    }

    /**
     * Writes what there is room for. Writing may begin before the connection is established. What the network takes in 8 ms
     * is taken ahead of it, or 8 KiB, within {@link ConnectionConfig#sendBufferBytes()}: more would only wait here.
     *
     * @return how many bytes were taken; if not all, {@link ConnectionEvent.Kind#WRITABLE} follows when there is room
     * @throws IllegalStateException after {@link #finish()}, or when the connection has ended
     */
    public int write(ByteBuffer source) {
        if (closeReason != null) {
            throw new IllegalStateException(closeReason.description());
        }
        int taken = sender.write(source);
        endpoint.ready(this);
        return taken;
    }

    /** How many bytes {@link #write} would take now. */
    public int roomBytes() {
        return closeReason == null ? sender.roomBytes() : 0;
    }

    /**
     * Reads what has arrived in order; also after the connection has ended. The endpoint is to be drained afterwards.
     *
     * @return how many bytes were read; 0 if none are there now; -1 at the end of the stream
     */
    public int read(ByteBuffer target) {
        if (receiver == null) {
            return closeReason != null ? -1 : 0;
        }
        int count = receiver.read(target);
        if (count < 0 || (count == 0 && closeReason != null && receiver.buffer().readableBytes() == 0)) {
            return -1;
        }
        if (receiver.buffer().readableBytes() == 0) {
            readableSignalled = false;
        }
        // The window may have opened, or the storage become free.
        endpoint.ready(this);
        return count;
    }

    /** Bytes that {@link #read} would return now. */
    public int readableBytes() {
        return receiver == null ? 0 : receiver.buffer().readableBytes();
    }

    /** Whether {@link #read} has something: bytes, or the end of the stream. */
    public boolean isReadable() {
        return receiver != null
                && (receiver.buffer().readableBytes() > 0 || receiver.buffer().isEnded());
    }

    /** From now on takes what comes, acknowledges it, and throws it away; the end of the stream included. */
    public void discardInput() {
        discarding = true;
        if (receiver != null) {
            receiver.buffer().discard();
            endpoint.ready(this);
        }
    }

    /** Ends our direction behind all that was written; the peer's goes on. Again: nothing happens. */
    public void finish() {
        if (closeReason == null) {
            sender.finish();
            endpoint.ready(this);
        }
    }

    /**
     * Ends our direction behind all that was written, and throws away whatever still comes. The peer is reset if it goes
     * on sending for ten seconds after it has acknowledged our end. A connection that is not established yet is dropped.
     */
    public void close() {
        if (closeReason != null) {
            return;
        }
        if (state == State.SYN_SENT) {
            reset();
            return;
        }
        closing = true;
        discardInput();
        finish();
    }

    /** Ends the connection now: the peer is told by RESET, and what it has not acknowledged is dropped. */
    public void reset() {
        if (closeReason == null) {
            if (state == State.SYN_SENT) {
                for (int id : attempts.receiveIds()) {
                    queueReset(SequenceNumbers.plus(id, 1));
                }
            } else {
                queueReset(sendId);
            }
            end(CloseReason.RESET_LOCALLY);
        }
    }

    /** The connection's figures at this moment. */
    public ConnectionStats stats() {
        LossRecovery recovery = sender.recovery();
        return new ConnectionStats(
                rtt.smoothedNanos() / 1000,
                rtt.minNanos() / 1000,
                sender.queueingDelayMicros(),
                sender.controller().windowBytes(),
                recovery.bytesInFlight(),
                sender.mtu().bytes(),
                sender.peerWindowBytes(),
                sender.bytesSent(),
                recovery.cumulativeOffset(),
                receiver == null ? 0 : receiver.buffer().receivedBytes(),
                packetsSent,
                packetsReceived,
                recovery.totalRetransmissions(),
                recovery.totalLosses(),
                recovery.totalSpurious(),
                recovery.totalTimeouts(),
                receiver == null ? 0 : receiver.duplicates());
    }

    /** The shortest round trip that was seen, in nanoseconds; 0 before the first. */
    public long minRttNanos() {
        return rtt.minNanos();
    }

    /** Without the address, so that it can go into a log. */
    @Override
    public String toString() {
        return "Connection(" + (initiator ? "dialled" : "accepted") + ", " + state + ")";
    }

    // ---- what the endpoint calls ----

    Sender sender() {
        return sender;
    }

    @Nullable
    Receiver receiver() {
        return receiver;
    }

    ConnectionConfig config() {
        return config;
    }

    int receiveId() {
        return receiveId;
    }

    int sendId() {
        return sendId;
    }

    /** The number of the next new packet. */
    int nextSeqNr() {
        return sender.recovery().nextSeqNr();
    }

    /** The last number received in order. */
    int ackNr() {
        return Objects.requireNonNull(receiver).buffer().ackNr();
    }

    boolean isDead() {
        return state == State.DEAD;
    }

    void onPacket(long nowNanos, Packet packet) {
        packetsReceived++;
        if (trace != null) {
            trace.packetReceived(nowNanos, packet);
        }
        if (packet.type() == PacketType.RESET) {
            onReset(packet);
            return;
        }
        if (state == State.SYN_SENT) {
            onSynAnswer(nowNanos, packet);
            return;
        }
        if (receiver == null
                || !sender.isPlausibleAck(packet.ackNr())
                || !isPlausibleSeqNr(packet.seqNr(), receiver.buffer().ackNr())) {
            if (trace != null) {
                trace.packetDropped(nowNanos, packet);
            }
            return;
        }
        lastHeardNanos = nowNanos;
        peerClock.onPacket(nowNanos, packet);
        long echoedRttNanos = PeerClock.echoedRttNanos(nowNanos, packet);
        if (!rtt.isSampled() && echoedRttNanos >= 0) {
            // It answers our answer to a SYN, and so gives a round-trip time before we have sent anything.
            rtt.sample(echoedRttNanos);
        }
        sender.onPacket(nowNanos, packet, echoedRttNanos);
        if (packet.type() == PacketType.DATA) {
            receiver.onData(nowNanos, packet);
        } else if (packet.type() == PacketType.FIN) {
            receiver.onFin(nowNanos, packet);
        }
        traceMetrics(nowNanos);
        signal();
        endIfFinished(nowNanos);
    }

    void onTimeout(long nowNanos) {
        if (state == State.SYN_SENT) {
            onHandshakeTimeout(nowNanos);
            return;
        }
        if (hasPassed(lingerDeadline, nowNanos)) {
            if (state == State.LINGERING) {
                die();
            } else {
                reset();
            }
            return;
        }
        if (hasPassed(giveUpDeadline(), nowNanos)) {
            queueReset(sendId);
            end(CloseReason.TIMED_OUT);
            return;
        }
        sender.onDeadline(nowNanos);
        traceMetrics(nowNanos);
        if (receiver != null) {
            receiver.onDeadline(nowNanos);
        }
        keepAliveDue |= hasPassed(keepAliveDeadline(), nowNanos);
        if (hasPassed(trimDeadline(), nowNanos)) {
            sender.trim();
            Objects.requireNonNull(receiver).trim();
        }
        signal();
    }

    /** The earliest time at which {@link #onTimeout} or {@link #pollTransmit} has something to do. */
    long deadline() {
        switch (state) {
            case DEAD -> {
                return LossRecovery.NONE;
            }
            case SYN_SENT -> {
                return Math.min(attempts.deadline(), createdNanos + config.connectTimeoutNanos());
            }
            default -> {
                long deadline = Math.min(sender.deadline(), lingerDeadline);
                deadline = Math.min(deadline, Objects.requireNonNull(receiver).deadline());
                deadline = Math.min(deadline, giveUpDeadline());
                return Math.min(deadline, Math.min(keepAliveDeadline(), trimDeadline()));
            }
        }
    }

    /** Whether the packet that {@link #pollTransmit} wrote last may be fragmented on its way. */
    boolean mayFragment() {
        return mayFragment;
    }

    /** Writes one packet, if there is one to send now. */
    boolean pollTransmit(long nowNanos, ByteBuffer out) {
        mayFragment = false;
        if (state == State.SYN_SENT) {
            return pollSyn(nowNanos, out);
        }
        if (state == State.DEAD || receiver == null) {
            return false;
        }
        if (closing) {
            // Nothing may come any more that would begin the patience with a peer that does not end.
            endIfFinished(nowNanos);
        }
        if (state == State.ESTABLISHED) {
            SentPacket packet = sender.nextPacket(nowNanos);
            if (packet != null) {
                writePacket(nowNanos, out, packet);
                return true;
            }
        }
        return pollState(nowNanos, out, receiver);
    }

    // ---- the handshake ----

    private void beginAttempt(long nowNanos, int id) {
        attempts.begin(nowNanos, id);
        receiveId = id;
        sendId = SequenceNumbers.plus(id, 1);
    }

    private void onHandshakeTimeout(long nowNanos) {
        if (hasPassed(createdNanos + config.connectTimeoutNanos(), nowNanos)) {
            end(CloseReason.CONNECT_TIMEOUT);
        } else if (hasPassed(attempts.deadline(), nowNanos)) {
            int id = endpoint.registerAnotherId(this);
            if (id < 0) {
                end(CloseReason.CONNECT_TIMEOUT);
            } else {
                beginAttempt(nowNanos, id);
            }
        }
    }

    private boolean pollSyn(long nowNanos, ByteBuffer out) {
        if (!attempts.takeSyn()) {
            return false;
        }
        int start = out.position();
        packetsSent++;
        lastSentNanos = nowNanos;
        PacketWriter.header(
                out,
                PacketType.SYN,
                receiveId,
                PeerClock.micros(nowNanos),
                0,
                config.receiveBufferBytes(),
                synSeqNr,
                0);
        PacketWriter.extensionBits(out, start, OUR_KIND);
        if (trace != null) {
            trace.packetSent(nowNanos, PacketType.SYN, synSeqNr, 0, out.position() - start, 0, attempts.isRepeated());
        }
        return true;
    }

    private void onSynAnswer(long nowNanos, Packet packet) {
        // DATA that overtakes the answer does not tell where the peer's numbers begin; it will be sent again.
        if (packet.type() != PacketType.STATE || packet.ackNr() != synSeqNr) {
            return;
        }
        receiveId = packet.connectionId();
        sendId = SequenceNumbers.plus(receiveId, 1);
        for (int id : attempts.receiveIds()) {
            if (id != receiveId) {
                endpoint.unregister(this, id);
                queueReset(SequenceNumbers.plus(id, 1));
            }
        }
        receiver = new Receiver(config.receiveBufferBytes(), SequenceNumbers.plus(packet.seqNr(), -1), rtt);
        if (packet.extensionBits() == OUR_KIND) {
            peerIsOurKind();
        } else {
            sender.dataBeforeFin();
        }
        if (discarding) {
            receiver.buffer().discard();
        }
        state = State.ESTABLISHED;
        if (trace != null) {
            trace.established(nowNanos);
        }
        lastHeardNanos = nowNanos;
        peerClock.onPacket(nowNanos, packet);
        long rttNanos = attempts.rttNanos(nowNanos);
        if (rttNanos >= 0) {
            rtt.sample(rttNanos);
        }
        sender.onPacket(nowNanos, packet, -1);
        if (peerIsOurKind) {
            // So that the peer knows at once that this is no forged SYN.
            receiver.acknowledgeNow();
        }
        endpoint.emit(new ConnectionEvent(this, ConnectionEvent.Kind.CONNECTED));
    }

    private void peerIsOurKind() {
        peerIsOurKind = true;
        rtt.minRtoNanos(MIN_RTO_OWN_NANOS);
        sender.peerIsOurKind();
        Objects.requireNonNull(receiver).peerIsOurKind();
    }

    // ---- sending ----

    private void writePacket(long nowNanos, ByteBuffer out, SentPacket packet) {
        int start = out.position();
        Objects.requireNonNull(receiver).onAckSent(nowNanos, false);
        PacketType type = packet.isFin() ? PacketType.FIN : PacketType.DATA;
        writeHeader(nowNanos, out, type, packet.seqNr(), receiver.buffer().ackNr());
        if (packet.probeBytes() > 0) {
            PacketWriter.padding(out, start, packet.probeBytes() - Packet.HEADER_BYTES - packet.payloadBytes());
        }
        sender.copyPayload(packet, out);
        int size = out.position() - start;
        mayFragment = packet.probeBytes() == 0 && sender.mtu().mayFragment(size);
        if (trace != null) {
            int ackNr = receiver.buffer().ackNr();
            boolean again = packet.isRetransmission();
            trace.packetSent(nowNanos, type, packet.seqNr(), ackNr, size, packet.payloadBytes(), again);
        }
        sender.onTransmitted(nowNanos, packet, size);
    }

    private boolean pollState(long nowNanos, ByteBuffer out, Receiver receiver) {
        int nextSeqNr = sender.recovery().nextSeqNr();
        if (finTwinDue) {
            finTwinDue = false;
            writeState(nowNanos, out, receiver, SequenceNumbers.plus(nextSeqNr, -1));
            return true;
        }
        if (receiver.isAckDue()) {
            receiver.onAckSent(nowNanos, true);
            writeState(nowNanos, out, receiver, nextSeqNr);
            // After our FIN libutp drops a STATE with the FIN's number, and libtorrent one with the next.
            finTwinDue = sender.isFinSent() && !peerIsOurKind;
            return true;
        }
        if (keepAliveDue) {
            // The number before the last acknowledged one, as in libutp, so that it cannot pass for an answer.
            int start = out.position();
            int ackNr = SequenceNumbers.plus(receiver.buffer().ackNr(), -1);
            writeHeader(nowNanos, out, PacketType.STATE, nextSeqNr, ackNr);
            traceState(nowNanos, nextSeqNr, ackNr, out.position() - start);
            return true;
        }
        return false;
    }

    private void writeState(long nowNanos, ByteBuffer out, Receiver receiver, int seqNr) {
        int start = out.position();
        writeHeader(nowNanos, out, PacketType.STATE, seqNr, receiver.buffer().ackNr());
        receiver.writeSelectiveAck(out, start);
        traceState(nowNanos, seqNr, receiver.buffer().ackNr(), out.position() - start);
    }

    private void traceState(long nowNanos, int seqNr, int ackNr, int size) {
        if (trace != null) {
            trace.packetSent(nowNanos, PacketType.STATE, seqNr, ackNr, size, 0, false);
        }
    }

    private void traceMetrics(long nowNanos) {
        if (trace != null) {
            trace.metricsUpdated(
                    nowNanos,
                    new ConnectionTrace.Metrics(
                            rtt.latestNanos() / 1_000,
                            rtt.smoothedNanos() / 1_000,
                            rtt.minNanos() / 1_000,
                            sender.queueingDelayMicros(),
                            sender.controller().windowBytes(),
                            sender.recovery().bytesInFlight(),
                            sender.peerWindowBytes()));
        }
    }

    private void writeHeader(long nowNanos, ByteBuffer out, PacketType type, int seqNr, int ackNr) {
        packetsSent++;
        lastSentNanos = nowNanos;
        keepAliveDue = false;
        long window = Objects.requireNonNull(receiver).windowBytes();
        PacketWriter.header(
                out, type, sendId, PeerClock.micros(nowNanos), peerClock.delayMicros(), window, seqNr, ackNr);
    }

    private void queueReset(int id) {
        int ackNr = receiver == null ? 0 : receiver.buffer().ackNr();
        endpoint.queueReset(remote, id, sender.recovery().nextSeqNr(), ackNr);
    }

    // ---- time ----

    private static boolean hasPassed(long deadline, long nowNanos) {
        return deadline != LossRecovery.NONE && deadline - nowNanos <= 0;
    }

    private long keepAliveDeadline() {
        return config.keepAliveNanos() == 0 || keepAliveDue || state != State.ESTABLISHED
                ? LossRecovery.NONE
                : lastSentNanos + config.keepAliveNanos();
    }

    private long trimDeadline() {
        boolean trimmable = sender.isTrimmable() || (receiver != null && receiver.isTrimmable());
        return trimmable ? Math.max(lastHeardNanos, lastSentNanos) + TRIM_NANOS : LossRecovery.NONE;
    }

    private long giveUpDeadline() {
        long since = sender.recovery().waitingSinceNanos();
        if (since == LossRecovery.NONE || state == State.LINGERING) {
            return LossRecovery.NONE;
        }
        if (sender.isPeerWindowShut() && lastHeardNanos - since > 0) {
            since = lastHeardNanos;
        }
        return since + config.giveUpNanos();
    }

    // ---- the end ----

    private void onReset(Packet packet) {
        if (state == State.SYN_SENT) {
            if (packet.ackNr() == synSeqNr) {
                end(CloseReason.REFUSED);
            }
            return;
        }
        if (!isPlausibleReset(packet)) {
            return;
        }
        if (state == State.LINGERING) {
            die();
        } else {
            end(CloseReason.RESET_BY_PEER);
        }
    }

    /** Whether it comes from someone who knows the connection's numbers, which a stranger cannot guess. */
    private boolean isPlausibleReset(Packet packet) {
        return isPlausibleResetAck(
                packet.ackNr(), sender.recovery().nextSeqNr(), sender.recovery().packetsOutstanding());
    }

    static boolean isPlausibleResetAck(int ackNr, int nextSeqNr, int packetsOutstanding) {
        // libutp acknowledges the packet that it refuses, whose number may be the next one if that was a STATE.
        int behind = SequenceNumbers.distance(ackNr, nextSeqNr);
        return behind >= 0 && behind <= packetsOutstanding + 4;
    }

    /** Whether a packet's number is near enough to what was received to belong to this connection. */
    static boolean isPlausibleSeqNr(int seqNr, int ackNr) {
        return Math.abs(SequenceNumbers.distance(ackNr, seqNr)) <= SequenceNumbers.MASK / 4 + 1;
    }

    private void signal() {
        if (receiver != null && !readableSignalled && !discarding) {
            if (receiver.buffer().readableBytes() > 0 || receiver.buffer().isEnded()) {
                readableSignalled = true;
                endpoint.emit(readable);
            }
        }
        if (sender.becameWritable()) {
            endpoint.emit(writable);
        }
    }

    private void endIfFinished(long nowNanos) {
        if (state != State.ESTABLISHED || receiver == null || !sender.isFinAcknowledged()) {
            return;
        }
        if (receiver.buffer().isEnded()) {
            state = State.LINGERING;
            closeReason = CloseReason.FINISHED;
            long linger = Math.max(MIN_LINGER_NANOS, Math.min(4 * rtt.rtoNanos(), MAX_LINGER_NANOS));
            lingerDeadline = nowNanos + linger;
            tell(CloseReason.FINISHED);
        } else if (closing && lingerDeadline == LossRecovery.NONE) {
            lingerDeadline = nowNanos + UNREAD_PATIENCE_NANOS;
        }
    }

    private void end(CloseReason reason) {
        closeReason = reason;
        die();
        tell(reason);
    }

    private void tell(CloseReason reason) {
        if (trace != null) {
            trace.closed(reason.description());
        }
        endpoint.emit(new ConnectionEvent(this, ConnectionEvent.Kind.CLOSED));
    }

    private void die() {
        endpoint.forget(this);
        state = State.DEAD;
    }

    /** The ids under which the endpoint may find this connection. */
    int[] registeredIds() {
        return state == State.SYN_SENT ? attempts.receiveIds() : new int[] {receiveId};
    }
}
