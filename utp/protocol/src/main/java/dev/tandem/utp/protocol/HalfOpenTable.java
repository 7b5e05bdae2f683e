package dev.tandem.utp.protocol;

import dev.tandem.utp.protocol.recovery.LossRecovery;
import dev.tandem.utp.protocol.recovery.PeerClock;
import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import dev.tandem.utp.protocol.wire.SequenceNumbers;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * SYNs that were answered and not yet confirmed by a packet that only one who got the answer can send. Since their addresses
 * may be forged, each costs little more than the numbers it is about, and all are forgotten after the same time.
 */
final class HalfOpenTable {
    /** One answered SYN. Two are the same if they come from the same peer with the same id. */
    static final class HalfOpen {
        private final InetSocketAddress remote;
        private final int synId;
        private final int synSeqNr;
        private final int answerSeqNr;
        private final long synWndSize;
        private final boolean ourKind;
        /** When it is forgotten; whoever keeps it sets it. */
        private long deadline;

        private int delayMicros;
        private boolean answerDue;

        HalfOpen(long arrivedNanos, InetSocketAddress remote, Packet syn, int answerSeqNr) {
            this.remote = remote;
            this.synId = syn.connectionId();
            this.synSeqNr = syn.seqNr();
            this.synWndSize = syn.wndSize();
            this.ourKind = syn.extensionBits() == Connection.OUR_KIND;
            this.answerSeqNr = answerSeqNr;
            noteDelay(arrivedNanos, syn);
        }

        private void noteDelay(long arrivedNanos, Packet syn) {
            delayMicros = PeerClock.micros(arrivedNanos) - syn.timestampMicros();
        }

        Endpoint.Key key() {
            return new Endpoint.Key(remote, receiveId());
        }

        long deadline() {
            return deadline;
        }

        void forgetAt(long nanos) {
            deadline = nanos;
        }

        InetSocketAddress remote() {
            return remote;
        }

        /** The id with which the peer sends from now on (BEP 29, "connection_id"). */
        int receiveId() {
            return SequenceNumbers.plus(synId, 1);
        }

        int sendId() {
            return synId;
        }

        int synSeqNr() {
            return synSeqNr;
        }

        int answerSeqNr() {
            return answerSeqNr;
        }

        long synWndSize() {
            return synWndSize;
        }

        boolean isOurKind() {
            return ourKind;
        }

        /** Whether a packet shows that its sender knows the answer. */
        boolean isConfirmedBy(Packet packet) {
            return packet.type() != PacketType.RESET
                    && Sender.isPlausibleAck(packet.ackNr(), answerSeqNr, 0)
                    && Connection.isPlausibleSeqNr(packet.seqNr(), synSeqNr);
        }

        /** A dialler that lets go may never have got the answer, and then knows only its own number. */
        boolean isResetBy(Packet reset) {
            return reset.seqNr() == SequenceNumbers.plus(synSeqNr, 1)
                    || Connection.isPlausibleResetAck(reset.ackNr(), answerSeqNr, 0);
        }
    }

    /** In the order in which they came, which is that of their deadlines. */
    private final Map<Endpoint.Key, HalfOpen> entries = new LinkedHashMap<>();

    private final ArrayDeque<HalfOpen> answers = new ArrayDeque<>();
    private final ConnectionConfig config;

    HalfOpenTable(ConnectionConfig config) {
        this.config = config;
    }

    int size() {
        return entries.size();
    }

    @Nullable
    HalfOpen find(Endpoint.Key key) {
        return entries.get(key);
    }

    /** A SYN that is not here yet is to be answered. */
    void add(long nowNanos, HalfOpen added) {
        added.forgetAt(nowNanos + config.connectTimeoutNanos());
        entries.put(added.key(), added);
        answer(added);
    }

    /** The same SYN again: our answer was lost or is late, so it is repeated as it was. */
    void onRepeatedSyn(long nowNanos, HalfOpen entry, Packet syn) {
        if (syn.seqNr() == entry.synSeqNr) {
            entry.noteDelay(nowNanos, syn);
            answer(entry);
        }
    }

    private void answer(HalfOpen entry) {
        if (!entry.answerDue) {
            entry.answerDue = true;
            answers.add(entry);
        }
    }

    /** Writes the next answer that is due; returns whose it is, or null. */
    @Nullable
    HalfOpen pollAnswer(long nowNanos, ByteBuffer out) {
        HalfOpen entry = answers.poll();
        if (entry == null) {
            return null;
        }
        entry.answerDue = false;
        int start = out.position();
        PacketWriter.header(
                out,
                PacketType.STATE,
                entry.sendId(),
                PeerClock.micros(nowNanos),
                entry.delayMicros,
                config.receiveBufferBytes(),
                entry.answerSeqNr,
                entry.synSeqNr);
        if (entry.ourKind) {
            PacketWriter.extensionBits(out, start, Connection.OUR_KIND);
        }
        return entry;
    }

    /** It was confirmed, or reset. */
    void remove(Endpoint.Key key) {
        HalfOpen removed = entries.remove(key);
        if (removed != null && removed.answerDue) {
            answers.remove(removed);
        }
    }

    /** When {@link #onDeadline} is to be called, or {@link LossRecovery#NONE}. */
    long deadline() {
        return entries.isEmpty() ? LossRecovery.NONE : oldest().getValue().deadline();
    }

    /** Forgets those whose time has passed. */
    void onDeadline(long nowNanos) {
        while (!entries.isEmpty() && oldest().getValue().deadline - nowNanos <= 0) {
            remove(oldest().getKey());
        }
    }

    private Map.Entry<Endpoint.Key, HalfOpen> oldest() {
        return entries.entrySet().iterator().next();
    }
}
