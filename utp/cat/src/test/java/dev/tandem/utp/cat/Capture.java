package dev.tandem.utp.cat;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Datagrams as they passed, which can be written as a pcap file: what a capture would hold, had we the right to make one. */
final class Capture implements LossyRelay.Tap {
    /** The ports that the file speaks of. */
    static final int CLIENT_PORT = 40_001;

    static final int SERVER_PORT = 40_002;

    private static final int LINKTYPE_RAW = 101;
    private static final int IPV4_HEADER_BYTES = 20;
    private static final int UDP_HEADER_BYTES = 8;
    private static final int LOOPBACK = 0x7f000001;

    /**
     * One datagram.
     *
     * @param micros since the capture began
     * @param bytes from its beginning to its end, in an array of its own
     */
    record Datagram(long micros, boolean toServer, ByteBuffer bytes) {}

    private final long startNanos = System.nanoTime();
    private final List<Datagram> datagrams = new ArrayList<>();

    @Override
    public synchronized void saw(boolean toServer, ByteBuffer datagram) {
        ByteBuffer bytes =
                ByteBuffer.allocate(datagram.remaining()).put(datagram).flip();
        datagrams.add(new Datagram((System.nanoTime() - startNanos) / 1000, toServer, bytes));
    }

    synchronized List<Datagram> datagrams() {
        return List.copyOf(datagrams);
    }

    /** In the classic format, with IPv4 and UDP headers made for it; the UDP checksum of 0 means none (RFC 768). */
    static void write(List<Datagram> datagrams, Path file) throws IOException {
        try (OutputStream stream = Files.newOutputStream(file);
                DataOutputStream out = new DataOutputStream(stream)) {
            out.writeInt(0xa1b2c3d4);
            out.writeShort(2);
            out.writeShort(4);
            out.writeInt(0);
            out.writeInt(0);
            out.writeInt(65_535);
            out.writeInt(LINKTYPE_RAW);
            for (Datagram datagram : datagrams) {
                int udpBytes = UDP_HEADER_BYTES + datagram.bytes().limit();
                int bytes = IPV4_HEADER_BYTES + udpBytes;
                out.writeInt((int) (datagram.micros() / 1_000_000));
                out.writeInt((int) (datagram.micros() % 1_000_000));
                out.writeInt(bytes);
                out.writeInt(bytes);
                out.write(ipv4Header(bytes).array());
                out.writeShort(datagram.toServer() ? CLIENT_PORT : SERVER_PORT);
                out.writeShort(datagram.toServer() ? SERVER_PORT : CLIENT_PORT);
                out.writeShort(udpBytes);
                out.writeShort(0);
                byte[] payload = new byte[datagram.bytes().limit()];
                datagram.bytes().get(0, payload);
                out.write(payload);
            }
        }
    }

    private static ByteBuffer ipv4Header(int totalBytes) {
        ByteBuffer header = ByteBuffer.allocate(IPV4_HEADER_BYTES);
        // Version 4, five words; do not fragment; 64 hops; UDP.
        header.put((byte) 0x45).put((byte) 0).putShort((short) totalBytes);
        header.putShort((short) 0).putShort((short) 0x4000);
        header.put((byte) 64).put((byte) 17).putShort((short) 0);
        header.putInt(LOOPBACK).putInt(LOOPBACK).flip();
        int sum = 0;
        for (int i = 0; i < IPV4_HEADER_BYTES; i += 2) {
            sum += header.getShort(i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return header.putShort(10, (short) ~(sum + (sum >>> 16)));
    }
}
