package dev.tandem.utp.emulation;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The TCP connections that have passed in one direction (IPv4), and where each stands: enough to reset them as a middlebox does,
 * with the one sequence number that the receiver believes (RFC 5961, section 3).
 */
final class TcpFlows {
    private static final int IP_PROTOCOL_TCP = 6;
    private static final int IP_HEADER_BYTES = 20;
    private static final int TCP_HEADER_BYTES = 20;
    private static final int FIN = 0x01;
    private static final int SYN = 0x02;
    private static final int RST = 0x04;
    private static final int ACK = 0x10;
    private static final int TTL = 64;

    private static final int MAX_FLOWS = 1024;

    /** Source and destination address, source and destination port. */
    private record Flow(int source, int destination, int ports) {}

    /** Where a sender stands. */
    private record State(int nextSeq, int ack) {}

    /** The one that has been silent longest goes first. */
    private final LinkedHashMap<Flow, State> flows = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Flow, State> eldest) {
            return size() > MAX_FLOWS;
        }
    };

    /** A packet passes. */
    void onPacket(byte[] packet) {
        if (packet.length < IP_HEADER_BYTES || packet[0] >> 4 != 4 || packet[9] != IP_PROTOCOL_TCP) {
            return;
        }
        ByteBuffer fields = ByteBuffer.wrap(packet);
        int tcp = (packet[0] & 0xf) * 4;
        if (packet.length < tcp + TCP_HEADER_BYTES) {
            return;
        }
        int dataAt = tcp + (packet[tcp + 12] >> 4 & 0xf) * 4;
        int flags = packet[tcp + 13];
        Flow flow = new Flow(fields.getInt(12), fields.getInt(16), fields.getInt(tcp));
        if ((flags & RST) != 0) {
            flows.remove(flow);
            return;
        }
        int length = Math.max(0, packet.length - dataAt) + ((flags & (SYN | FIN)) != 0 ? 1 : 0);
        int next = fields.getInt(tcp + 4) + length;
        int ack = fields.getInt(tcp + 8);
        // What is sent again lies behind; a new connection of the same ports begins anywhere.
        boolean fresh = (flags & SYN) != 0;
        flows.merge(flow, new State(next, ack), (old, now) -> fresh || now.nextSeq - old.nextSeq > 0 ? now : old);
    }

    /** Forgets all connections, and makes the packets that reset them. */
    List<byte[]> resets() {
        List<byte[]> resets = new ArrayList<>();
        flows.forEach((flow, state) -> resets.add(reset(flow, state)));
        flows.clear();
        return resets;
    }

    private static byte[] reset(Flow flow, State state) {
        ByteBuffer packet = ByteBuffer.allocate(IP_HEADER_BYTES + TCP_HEADER_BYTES);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) packet.capacity());
        packet.putInt(0).put((byte) TTL).put((byte) IP_PROTOCOL_TCP).putShort((short) 0);
        packet.putInt(flow.source).putInt(flow.destination);
        packet.putInt(flow.ports).putInt(state.nextSeq).putInt(state.ack);
        packet.put((byte) ((TCP_HEADER_BYTES / 4) << 4)).put((byte) (RST | ACK));
        packet.putShort(10, checksum(sum(packet, 0, IP_HEADER_BYTES)));
        // Of a pseudo header, too (RFC 9293, section 3.1).
        int pseudo = sum(packet, 12, IP_HEADER_BYTES) + IP_PROTOCOL_TCP + TCP_HEADER_BYTES;
        packet.putShort(IP_HEADER_BYTES + 16, checksum(pseudo + sum(packet, IP_HEADER_BYTES, packet.capacity())));
        return packet.array();
    }

    private static int sum(ByteBuffer packet, int from, int to) {
        int sum = 0;
        for (int at = from; at < to; at += 2) {
            sum += packet.getShort(at) & 0xffff;
        }
        return sum;
    }

    private static short checksum(int sum) {
        int folded = (sum & 0xffff) + (sum >>> 16);
        return (short) ~((folded & 0xffff) + (folded >>> 16));
    }
}
