package dev.tandem.utp.emulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a reset must say to be believed. */
class TcpFlowsTest {
    private final TcpFlows flows = new TcpFlows();

    /** IPv4 and TCP headers of 10.77.0.1:40000 to 10.77.0.2:9000, checksums left out, and some payload. */
    private static byte[] packet(String seq, String flags, int payload) {
        String header = "4500000000004000" + "40060000" + "0a4d0001" + "0a4d0002" + "9c402328" + seq + "11223344" + "50"
                + flags + "ffff00000000";
        byte[] packet = new byte[40 + payload];
        byte[] bytes = HexFormat.of().parseHex(header);
        System.arraycopy(bytes, 0, packet, 0, bytes.length);
        return packet;
    }

    private static int sum(byte[] packet, int from, int start) {
        int sum = start;
        for (int at = from; at < packet.length; at += 2) {
            sum += ((packet[at] & 0xff) << 8) | (packet[at + 1] & 0xff);
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return sum;
    }

    @Test
    void aResetStandsWhereTheSenderStands() {
        flows.onPacket(packet("00000064", "02", 0));
        flows.onPacket(packet("00000065", "18", 100));
        // Sent again.
        flows.onPacket(packet("00000065", "18", 50));
        List<byte[]> resets = flows.resets();
        assertEquals(1, resets.size());
        byte[] reset = resets.get(0);
        assertArrayEquals(
                HexFormat.of().parseHex("0a4d00010a4d00029c402328" + "000000c9" + "11223344" + "5014"),
                Arrays.copyOfRange(reset, 12, 34));
        // With the checksum in it, a sum is all ones (RFC 1071).
        assertEquals(0xffff, sum(Arrays.copyOf(reset, 20), 0, 0));
        assertEquals(0xffff, sum(reset, 12, 6 + 20));
        assertEquals(List.of(), flows.resets());
    }

    @Test
    void aNewConnectionOfTheSamePortsBeginsAnywhere() {
        flows.onPacket(packet("70000000", "18", 100));
        flows.onPacket(packet("00000001", "02", 0));
        assertEquals(2, flows.resets().get(0)[27]);
    }

    @Test
    void whatIsNoTcpOrIsResetAlreadyIsLeftAlone() {
        byte[] udp = packet("00000064", "18", 0);
        udp[9] = 17;
        flows.onPacket(udp);
        flows.onPacket(new byte[3]);
        flows.onPacket(packet("00000064", "18", 0));
        flows.onPacket(packet("00000064", "04", 0));
        assertEquals(List.of(), flows.resets());
    }
}
