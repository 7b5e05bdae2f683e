package dev.tandem.utp.protocol.trace;

import dev.tandem.utp.protocol.wire.Packet;
import dev.tandem.utp.protocol.wire.PacketType;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes a connection's events in qlog's JSON text sequences (draft-ietf-quic-qlog-main-schema, version 0.3), as its tools
 * read them: the names of QUIC's events where they fit, times in milliseconds since the first event. There are no addresses
 * in it. {@code scripts/qlog-plot} draws it.
 */
public final class QlogTrace implements ConnectionTrace {
    /** RFC 7464: each record begins with it, so that a file that was cut off can still be read. */
    private static final char RECORD_SEPARATOR = 0x1e;

    private final Appendable out;
    private final StringBuilder record = new StringBuilder(256);
    private boolean started;
    private long startNanos;
    private long lastNanos;
    private @Nullable IOException failure;

    /**
     * Begins a trace.
     *
     * @param out where it goes; after its first exception nothing more is written
     * @param initiator whether we dialled: qlog calls that side the client
     */
    public QlogTrace(Appendable out, boolean initiator) {
        this.out = out;
        record.append("{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"title\":\"\\u00b5TP connection\",")
                .append("\"trace\":{\"vantage_point\":{\"type\":\"")
                .append(initiator ? "client" : "server")
                .append("\"},\"common_fields\":{\"time_format\":\"relative\",\"reference_time\":0,")
                .append("\"protocol_type\":[\"UTP\"]}}}");
        write();
    }

    /** Why no more is written, or null. */
    public @Nullable IOException failure() {
        return failure;
    }

    @Override
    public void packetSent(
            long nowNanos, PacketType type, int seqNr, int ackNr, int sizeBytes, int payloadBytes, boolean again) {
        begin(nowNanos, "transport:packet_sent");
        packet(type, seqNr, ackNr, sizeBytes, payloadBytes);
        if (again) {
            record.append(",\"trigger\":\"retransmission\"");
        }
        end();
    }

    @Override
    public void packetReceived(long nowNanos, Packet packet) {
        begin(nowNanos, "transport:packet_received");
        received(packet);
        record.append(",\"window\":").append(packet.wndSize());
        if (packet.selectiveAckBits() > 0) {
            record.append(",\"selective_ack\":\"");
            for (int i = 0; i * 8 < packet.selectiveAckBits(); i++) {
                int bits = packet.selectiveAckByte(i);
                record.append(Character.forDigit(bits >> 4, 16)).append(Character.forDigit(bits & 15, 16));
            }
            record.append('"');
        }
        end();
    }

    @Override
    public void packetDropped(long nowNanos, Packet packet) {
        begin(nowNanos, "transport:packet_dropped");
        received(packet);
        record.append(",\"trigger\":\"invalid\"");
        end();
    }

    @Override
    public void packetLost(long nowNanos, int seqNr, boolean timeout) {
        begin(nowNanos, "recovery:packet_lost");
        record.append("\"header\":{\"packet_number\":")
                .append(seqNr)
                .append("},\"trigger\":\"")
                .append(timeout ? "pto_expired" : "reordering_threshold")
                .append('"');
        end();
    }

    @Override
    public void metricsUpdated(long nowNanos, Metrics metrics) {
        begin(nowNanos, "recovery:metrics_updated");
        millis("latest_rtt", metrics.latestRttMicros());
        millis("smoothed_rtt", metrics.smoothedRttMicros());
        millis("min_rtt", metrics.minRttMicros());
        millis("queueing_delay", metrics.queueingDelayMicros());
        record.append("\"congestion_window\":")
                .append(metrics.windowBytes())
                .append(",\"bytes_in_flight\":")
                .append(metrics.bytesInFlight())
                .append(",\"peer_window\":")
                .append(metrics.peerWindowBytes());
        end();
    }

    @Override
    public void established(long nowNanos) {
        begin(nowNanos, "connectivity:connection_state_updated");
        record.append("\"new\":\"handshake_complete\"");
        end();
    }

    @Override
    public void closed(String reason) {
        begin(lastNanos, "connectivity:connection_closed");
        record.append("\"reason\":\"").append(reason).append('"');
        end();
    }

    private void begin(long nowNanos, String name) {
        if (!started) {
            started = true;
            startNanos = nowNanos;
        }
        lastNanos = nowNanos;
        record.append("{\"time\":");
        decimal((nowNanos - startNanos) / 1_000);
        record.append(",\"name\":\"").append(name).append("\",\"data\":{");
    }

    private void end() {
        record.append("}}");
        write();
    }

    private void packet(PacketType type, int seqNr, int ackNr, int sizeBytes, int payloadBytes) {
        record.append("\"header\":{\"packet_type\":\"")
                .append(type.name().toLowerCase(Locale.ROOT))
                .append("\",\"packet_number\":")
                .append(seqNr)
                .append(",\"ack_number\":")
                .append(ackNr)
                .append("},\"raw\":{\"length\":")
                .append(sizeBytes)
                .append(",\"payload_length\":")
                .append(payloadBytes)
                .append('}');
    }

    private void received(Packet packet) {
        packet(
                packet.type(),
                packet.seqNr(),
                packet.ackNr(),
                packet.sizeBytes(),
                packet.payload().remaining());
    }

    private void millis(String name, long micros) {
        record.append('"').append(name).append("\":");
        decimal(micros);
        record.append(',');
    }

    /** Thousandths as a decimal number. */
    private void decimal(long thousandths) {
        record.append(thousandths / 1_000).append('.');
        int rest = (int) (thousandths % 1_000);
        record.append((char) ('0' + rest / 100))
                .append((char) ('0' + rest / 10 % 10))
                .append((char) ('0' + rest % 10));
    }

    private void write() {
        if (failure == null) {
            try {
                out.append(RECORD_SEPARATOR).append(record).append('\n');
            } catch (IOException e) {
                failure = e;
            }
        }
        record.setLength(0);
    }
}
