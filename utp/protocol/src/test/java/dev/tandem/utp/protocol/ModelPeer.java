package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One µTP socket as libutp or libtorrent would be at the other end, in all that a peer can see of it: an implementation of its
 * own, simple and slow, which shares nothing with the engine but the reading of packets. It keeps count of what it refused.
 */
final class ModelPeer {
    /** What differs between the two; from reading libutp (2b364cb) and libtorrent (RC_2_1). */
    enum Dialect {
        LIBUTP(1_382, 1_024, 500, 1_000),
        LIBTORRENT(528, 953, 100, 500);

        /** Bytes of payload in a packet. */
        final int payloadBytes;

        /** Packets that far ahead of what was received in order are refused. */
        final int reorderPackets;

        /** How often timers are looked at. */
        final long tickNanos;

        final long minRtoNanos;

        Dialect(int payloadBytes, int reorderPackets, int tickMillis, int minRtoMillis) {
            this.payloadBytes = payloadBytes;
            this.reorderPackets = reorderPackets;
            this.tickNanos = tickMillis * Pair.MILLIS;
            this.minRtoNanos = minRtoMillis * Pair.MILLIS;
        }
    }

    enum State {
        IDLE,
        SYN_SENT,
        SYN_RECEIVED,
        CONNECTED,
        RESET,
        GAVE_UP
    }

    private static final int WINDOW_PACKETS = 60;
    private static final long[] LIBUTP_SYN_AT = {0, 3 * Pair.SECONDS, 9 * Pair.SECONDS};
    private static final long LIBUTP_SYN_GIVE_UP = 21 * Pair.SECONDS;
    private static final long LIBUTP_KEEPALIVE = 29 * Pair.SECONDS;
    private static final long LIBUTP_ZERO_WINDOW = 15 * Pair.SECONDS;
    private static final int MAX_TRANSMISSIONS = 12;

    private static final class Sent {
        final int payloadBytes;
        final boolean fin;
        final long offset;
        boolean selectivelyAcknowledged;
        boolean lost;
        int transmissions;
        long sentNanos;

        Sent(long offset, int payloadBytes, boolean fin) {
            this.offset = offset;
            this.payloadBytes = payloadBytes;
            this.fin = fin;
        }
    }

    private final Dialect dialect;
    private final Random random;
    private final ArrayDeque<Datagram> out = new ArrayDeque<>();

    /** Unacknowledged packets by number, counted on without wrapping. */
    private final TreeMap<Long, Sent> unacknowledged = new TreeMap<>();

    private final TreeMap<Long, byte[]> reordered = new TreeMap<>();
    private boolean dialled;
    State state = State.IDLE;
    private int receiveId;
    private int sendId;

    /** Next number to be used, and last received in order, without wrapping. */
    private long seqNr;

    private long ackNr;
    private long finSeqNr = -1;
    private long startNanos;
    private int synsSent;
    private long nextTick;
    private long lastSentNanos;
    private int delayMicros;
    private long lastNumberSeen;
    private long smoothedRttNanos = 500 * Pair.MILLIS;
    private int backoff;
    private int duplicateAcks;
    private long peerWindow;
    private long zeroWindowSince = -1;
    private boolean ackDue;
    private long ackDueNanos;
    private long toSend;
    private long nextOffset;
    private boolean finishWhenSent;
    private boolean finQueued;

    /** What the reader has not taken yet; the window shrinks by it. */
    private int unread;

    private boolean paused;
    private int receiveBufferBytes = 1 << 20;

    /** How long an acknowledgement waits. */
    long ackDelayNanos;

    long received;
    boolean ended;
    boolean finAcknowledged;
    int resetsReceived;
    int synsReceived;
    int implausibleAcks;
    int tooFarAhead;
    int badExtensions;
    int sliversReceived;

    /** How far ahead of what it had in order our packets came, at most. */
    long furthestAhead;

    ModelPeer(Dialect dialect, long seed) {
        this.dialect = dialect;
        this.random = new Random(seed * 31 + 7);
    }

    // ---- what the test calls ----

    void dial(long nowNanos) {
        receiveId = random.nextInt(0x10000);
        sendId = SequenceNumbers.plus(receiveId, 1);
        seqNr = random.nextInt(0x10000);
        startNanos = nowNanos;
        dialled = true;
        state = State.SYN_SENT;
        tick(nowNanos);
    }

    void receiveBuffer(int bytes) {
        receiveBufferBytes = bytes;
    }

    void send(long bytes) {
        toSend += bytes;
    }

    void finish() {
        finishWhenSent = true;
    }

    void pause() {
        paused = true;
    }

    /** Reads everything, and tells of the window. */
    void resume(long nowNanos) {
        paused = false;
        unread = 0;
        if (state == State.CONNECTED) {
            state(nowNanos);
        }
    }

    void reset(long nowNanos) {
        // libutp answers a packet that it does not know any more, as if its socket had just gone.
        boolean libutp = dialect == Dialect.LIBUTP;
        write(nowNanos, PacketType.RESET, libutp ? receiveId : sendId, libutp ? 0 : seqNr, ackNrForReset(), null, 0, 0);
        state = State.RESET;
    }

    private long ackNrForReset() {
        return dialect == Dialect.LIBUTP ? Math.max(ackNr, lastNumberSeen) : ackNr;
    }

    boolean isDone() {
        return ended && finAcknowledged;
    }

    /** Everything of ours that it refused, for a path that neither loses nor reorders. */
    int refused() {
        return implausibleAcks + tooFarAhead + badExtensions + sliversReceived;
    }

    // ---- packets in and out ----

    @Nullable
    Datagram poll() {
        return out.poll();
    }

    void handle(long nowNanos, Datagram datagram) {
        Packet packet = datagram.packet();
        int firstExtension = datagram.bytes()[1];
        if (dialect == Dialect.LIBUTP && firstExtension >= 3) {
            badExtensions++;
            return;
        }
        if (packet.type() == PacketType.SYN) {
            onSyn(nowNanos, packet);
            return;
        }
        if (packet.type() == PacketType.RESET) {
            onReset(packet);
            return;
        }
        if (state == State.IDLE || packet.connectionId() != receiveId) {
            if (dialect == Dialect.LIBUTP) {
                write(nowNanos, PacketType.RESET, packet.connectionId(), 0, packet.seqNr(), null, 0, 0);
            }
            return;
        }
        if (state == State.SYN_SENT) {
            onAnswer(nowNanos, packet);
            return;
        }
        if (state == State.RESET || state == State.GAVE_UP) {
            return;
        }
        if (state == State.SYN_RECEIVED) {
            if (dialect == Dialect.LIBUTP && packet.type() == PacketType.FIN) {
                return;
            }
            if (dialect == Dialect.LIBTORRENT || packet.type() == PacketType.DATA) {
                state = State.CONNECTED;
            }
        }
        onEstablished(nowNanos, packet);
    }

    private void onSyn(long nowNanos, Packet syn) {
        synsReceived++;
        boolean again = state != State.IDLE && syn.connectionId() == sendId;
        if (again && dialect == Dialect.LIBUTP) {
            return;
        }
        if (again) {
            // libtorrent makes a second socket, which nothing ever reaches.
            write(nowNanos, PacketType.STATE, syn.connectionId(), random.nextInt(0x10000), syn.seqNr(), null, 0, 0);
            return;
        }
        sendId = syn.connectionId();
        receiveId = SequenceNumbers.plus(sendId, 1);
        seqNr = random.nextInt(0x10000);
        ackNr = syn.seqNr();
        peerWindow = syn.wndSize();
        state = State.SYN_RECEIVED;
        nextTick = nowNanos + dialect.tickNanos;
        measure(nowNanos, syn);
        state(nowNanos);
    }

    private void onAnswer(long nowNanos, Packet packet) {
        if (packet.type() != PacketType.STATE || packet.ackNr() != (seqNr & 0xffff)) {
            return;
        }
        seqNr++;
        ackNr = packet.seqNr() - 1L;
        peerWindow = packet.wndSize();
        state = State.CONNECTED;
        measure(nowNanos, packet);
    }

    private void onReset(Packet packet) {
        resetsReceived++;
        boolean eitherId = packet.connectionId() == receiveId || packet.connectionId() == sendId;
        boolean known =
                dialect == Dialect.LIBUTP ? eitherId : packet.connectionId() == receiveId && isPlausible(packet);
        if (known && state != State.IDLE) {
            state = State.RESET;
        }
    }

    private boolean isPlausible(Packet packet) {
        int behind = SequenceNumbers.distance(packet.ackNr(), (int) (seqNr - 1) & 0xffff);
        return behind >= 0 && behind <= unacknowledged.size() + 3;
    }

    private void onEstablished(long nowNanos, Packet packet) {
        if (!isPlausible(packet)) {
            implausibleAcks++;
            return;
        }
        long number = ackNr + SequenceNumbers.distance((int) ackNr & 0xffff, packet.seqNr());
        boolean isState = packet.type() == PacketType.STATE;
        lastNumberSeen = number;
        furthestAhead = Math.max(furthestAhead, number - ackNr);
        if (number - ackNr - 1 >= dialect.reorderPackets) {
            tooFarAhead++;
            return;
        }
        if (dialect == Dialect.LIBUTP && number <= ackNr) {
            // An old number: acknowledged again if it used one up, else dropped with all that it says.
            if (!isState) {
                ackLater(nowNanos);
            }
            return;
        }
        if (dialect == Dialect.LIBTORRENT && finSeqNr >= 0 && number > finSeqNr) {
            return;
        }
        measure(nowNanos, packet);
        acknowledge(nowNanos, packet);
        window(nowNanos, packet.wndSize());
        switch (packet.type()) {
            case DATA -> {
                if (packet.payload().remaining() > 0 && packet.payload().remaining() + unread > receiveBufferBytes) {
                    sliversReceived += packet.payload().remaining() > 1 ? 1 : 0;
                    return;
                }
                ackLater(nowNanos);
                take(number, packet);
            }
            case FIN -> {
                finSeqNr = number;
                ackLater(nowNanos);
                advance();
            }
            default -> {}
        }
    }

    private void measure(long nowNanos, Packet packet) {
        delayMicros = (int) (nowNanos / 1_000) - packet.timestampMicros();
    }

    private void take(long number, Packet packet) {
        if (number <= ackNr || reordered.containsKey(number)) {
            return;
        }
        byte[] payload = new byte[packet.payload().remaining()];
        packet.payload().get(payload);
        reordered.put(number, payload);
        advance();
    }

    private void advance() {
        for (byte[] next; (next = reordered.remove(ackNr + 1)) != null; ackNr++) {
            for (byte actual : next) {
                if (actual != Peer.valueAt(received, dialled ? Peer.SALT_OF_ACCEPTOR : Peer.SALT_OF_DIALLER)) {
                    throw new AssertionError("byte " + received + " is wrong at " + this);
                }
                received++;
            }
            unread += paused ? next.length : 0;
        }
        if (finSeqNr == ackNr + 1) {
            ackNr++;
            ended = true;
        }
    }

    private void acknowledge(long nowNanos, Packet packet) {
        long acked = seqNr - 1 - SequenceNumbers.distance(packet.ackNr(), (int) (seqNr - 1) & 0xffff);
        boolean advanced = false;
        while (!unacknowledged.isEmpty() && unacknowledged.firstKey() <= acked) {
            Sent sent = unacknowledged.pollFirstEntry().getValue();
            finAcknowledged |= sent.fin;
            advanced = true;
            if (sent.transmissions == 1) {
                smoothedRttNanos += (nowNanos - sent.sentNanos - smoothedRttNanos) / 8;
            }
        }
        for (int bit = 0; bit < packet.selectiveAckBits(); bit++) {
            if ((packet.selectiveAckByte(bit / 8) >> bit % 8 & 1) != 0) {
                Sent sent = unacknowledged.get(acked + 2 + bit);
                if (sent != null) {
                    sent.selectivelyAcknowledged = true;
                }
            }
        }
        if (advanced) {
            duplicateAcks = 0;
            backoff = 0;
        } else if (packet.type() == PacketType.STATE && !unacknowledged.isEmpty()) {
            duplicateAcks++;
            if (duplicateAcks == 3) {
                unacknowledged.firstEntry().getValue().lost = true;
            }
        }
        int above = 0;
        int marked = 0;
        for (Sent sent : unacknowledged.descendingMap().values()) {
            if (sent.selectivelyAcknowledged) {
                above++;
            } else if (above >= 3 && sent.transmissions == 1 && marked < 4) {
                sent.lost = true;
                marked++;
            }
        }
    }

    private void window(long nowNanos, long wndSize) {
        peerWindow = wndSize;
        zeroWindowSince = wndSize >= dialect.payloadBytes ? -1 : zeroWindowSince < 0 ? nowNanos : zeroWindowSince;
    }

    // ---- sending, and time ----

    private void ackLater(long nowNanos) {
        if (!ackDue) {
            ackDue = true;
            ackDueNanos = nowNanos + ackDelayNanos;
        }
    }

    /** The batch of received packets is over: one acknowledgement for all of them, and what the windows let out. */
    void endBatch(long nowNanos) {
        if (state == State.CONNECTED) {
            sendData(nowNanos);
        }
        if (ackDue && ackDueNanos - nowNanos <= 0 && (state == State.CONNECTED || state == State.SYN_RECEIVED)) {
            state(nowNanos);
        }
    }

    private void sendData(long nowNanos) {
        for (var entry : unacknowledged.entrySet()) {
            if (entry.getValue().lost) {
                transmit(nowNanos, entry.getKey(), entry.getValue());
            }
        }
        while (!finQueued && unacknowledged.size() < WINDOW_PACKETS) {
            int payload = (int) Math.min(dialect.payloadBytes, toSend - nextOffset);
            long outstanding = unacknowledged.values().stream()
                    .mapToLong(sent -> sent.payloadBytes)
                    .sum();
            if (payload > 0 && outstanding + payload <= peerWindow) {
                add(nowNanos, payload, false);
            } else if (payload == 0 && finishWhenSent) {
                finQueued = true;
                add(nowNanos, 0, true);
            } else {
                return;
            }
        }
    }

    private void add(long nowNanos, int payload, boolean fin) {
        Sent sent = new Sent(nextOffset, payload, fin);
        nextOffset += payload;
        unacknowledged.put(seqNr, sent);
        transmit(nowNanos, seqNr++, sent);
    }

    private void transmit(long nowNanos, long number, Sent sent) {
        sent.lost = false;
        sent.sentNanos = nowNanos;
        if (++sent.transmissions > MAX_TRANSMISSIONS) {
            state = State.GAVE_UP;
            return;
        }
        write(
                nowNanos,
                sent.fin ? PacketType.FIN : PacketType.DATA,
                sendId,
                number,
                ackNr,
                dialect == Dialect.LIBTORRENT ? selectiveAck() : null,
                sent.offset,
                sent.payloadBytes);
    }

    /** When {@link #tick} is to be called. */
    long deadline() {
        if (state == State.IDLE || state == State.RESET || state == State.GAVE_UP) {
            return Endpoint.NO_TIMEOUT;
        }
        return ackDue ? Math.min(nextTick, ackDueNanos) : nextTick;
    }

    void tick(long nowNanos) {
        if (state == State.SYN_SENT) {
            sendSyn(nowNanos);
        }
        if (nextTick - nowNanos > 0) {
            return;
        }
        nextTick = nowNanos + dialect.tickNanos;
        if (state != State.CONNECTED) {
            return;
        }
        Sent first =
                unacknowledged.isEmpty() ? null : unacknowledged.firstEntry().getValue();
        long rto = Math.max(dialect.minRtoNanos, 2 * smoothedRttNanos) << Math.min(backoff, 5);
        if (first != null && nowNanos - first.sentNanos >= rto) {
            backoff++;
            unacknowledged.values().forEach(sent -> sent.lost = !sent.selectivelyAcknowledged);
        }
        if (dialect == Dialect.LIBUTP) {
            if (zeroWindowSince >= 0 && nowNanos - zeroWindowSince >= LIBUTP_ZERO_WINDOW) {
                peerWindow = dialect.payloadBytes;
                zeroWindowSince = -1;
            }
            if (nowNanos - lastSentNanos >= LIBUTP_KEEPALIVE) {
                write(nowNanos, PacketType.STATE, sendId, seqNr, ackNr - 1, null, 0, 0);
            }
        }
    }

    private void sendSyn(long nowNanos) {
        boolean libutp = dialect == Dialect.LIBUTP;
        if (libutp && nowNanos - startNanos >= LIBUTP_SYN_GIVE_UP) {
            state = State.GAVE_UP;
        } else if (synsSent < LIBUTP_SYN_AT.length && nowNanos - startNanos >= LIBUTP_SYN_AT[synsSent]) {
            synsSent++;
            write(nowNanos, PacketType.SYN, receiveId, seqNr, 0, null, 0, 0);
        }
    }

    private void state(long nowNanos) {
        ackDue = false;
        // After the peer's end libutp counts on, libtorrent does not; both number STATE with what comes next.
        long number = dialect == Dialect.LIBTORRENT && finQueued ? seqNr - 1 : seqNr;
        write(nowNanos, PacketType.STATE, sendId, number, ackNr, selectiveAck(), 0, 0);
    }

    private byte @Nullable [] selectiveAck() {
        if (reordered.isEmpty()) {
            return null;
        }
        int bits = (int) (reordered.lastKey() - ackNr - 1);
        int bytes = dialect == Dialect.LIBUTP ? 4 : Math.min(120, (bits + 7) / 8);
        int most = dialect == Dialect.LIBUTP ? 30 : bytes * 8;
        byte[] bitmap = new byte[bytes];
        for (long number : reordered.keySet()) {
            int bit = (int) (number - ackNr - 2);
            if (bit < most) {
                bitmap[bit / 8] |= (byte) (1 << bit % 8);
            }
        }
        return bitmap;
    }

    private void write(
            long nowNanos,
            PacketType type,
            int id,
            long number,
            long ack,
            byte @Nullable [] bitmap,
            long offset,
            int payloadBytes) {
        lastSentNanos = nowNanos;
        boolean tellsAll = type == PacketType.STATE || bitmap != null || reordered.isEmpty();
        ackDue &= !tellsAll || type == PacketType.SYN || type == PacketType.RESET;
        int extension = bitmap == null ? 0 : 2 + bitmap.length;
        ByteBuffer packet = ByteBuffer.allocate(20 + extension + payloadBytes);
        boolean synOfLibtorrent = type == PacketType.SYN && dialect == Dialect.LIBTORRENT;
        long window = synOfLibtorrent ? 0 : Math.max(0, receiveBufferBytes - unread);
        int timestamp = type == PacketType.RESET ? 0 : (int) (nowNanos / 1_000);
        PacketWriter.header(
                packet, type, id, timestamp, delayMicros, window, (int) number & 0xffff, (int) ack & 0xffff);
        if (bitmap != null) {
            packet.put(1, (byte) 1).put((byte) 0).put((byte) bitmap.length).put(bitmap);
        }
        for (int i = 0; i < payloadBytes; i++) {
            packet.put(Peer.valueAt(offset + i, dialled ? Peer.SALT_OF_DIALLER : Peer.SALT_OF_ACCEPTOR));
        }
        out.add(new Datagram(packet.array()));
    }

    @Override
    public String toString() {
        return dialect + " " + state + ": received " + received + ", refused " + implausibleAcks + " acks, "
                + tooFarAhead
                + " too far ahead, " + badExtensions + " extensions, " + sliversReceived + " beyond the window; "
                + unacknowledged.size() + " unacknowledged";
    }
}
