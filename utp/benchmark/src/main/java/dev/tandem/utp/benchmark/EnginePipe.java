package dev.tandem.utp.benchmark;

import dev.tandem.utp.protocol.Connection;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.ConnectionEvent;
import dev.tandem.utp.protocol.Endpoint;
import dev.tandem.utp.protocol.EndpointConfig;
import dev.tandem.utp.protocol.Transmit;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import dev.tandem.utp.protocol.wire.Packet;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Two endpoints and a path of 100 Mbit/s and 20 ms between them, in virtual time: one sends without end, the other reads. The
 * path itself allocates nothing, so that what is allocated is the engine's.
 */
final class EnginePipe {
    static final int PAYLOAD_BYTES = 1_380;

    private static final int DATAGRAM_BYTES = Packet.HEADER_BYTES + PAYLOAD_BYTES;
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int SEED = 1;

    /** Many times what a packet needs: beyond it nothing moves any more. */
    private static final int MAX_STEPS_PER_PACKET = 10_000;

    private static final InetSocketAddress SENDER = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private static final InetSocketAddress RECEIVER = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);

    private final Endpoint sender;
    private final Endpoint receiver;
    private final PathRing forward;
    private final PathRing back;
    private final ByteBuffer source = ByteBuffer.allocate(PIECE_BYTES);
    private final ByteBuffer sink = ByteBuffer.allocate(PIECE_BYTES);
    private long nowNanos;
    private long receivedBytes;

    /**
     * Dials, and is ready to run.
     *
     * @param loss share of the packets with data that are lost, 0 to 1
     */
    EnginePipe(CongestionControl congestion, double loss) {
        Random random = new Random(SEED);
        ConnectionConfig connection = ConnectionConfig.DEFAULT
                .withCongestionController(congestion.factory())
                .withMaxDatagramBytes(DATAGRAM_BYTES)
                .withSendBufferBytes(BUFFER_BYTES)
                .withReceiveBufferBytes(BUFFER_BYTES);
        EndpointConfig config = EndpointConfig.DEFAULT.withConnection(connection);
        sender = new Endpoint(config, random::nextInt);
        receiver = new Endpoint(config, random::nextInt);
        forward = new PathRing(DATAGRAM_BYTES, loss, random);
        back = new PathRing(DATAGRAM_BYTES, 0, random);
        write(sender.connect(nowNanos, RECEIVER));
        drain(sender, forward);
    }

    /** Runs until the payload of so many packets was read. */
    void run(int packets) {
        long until = receivedBytes + (long) packets * PAYLOAD_BYTES;
        long stepsLeft = (long) packets * MAX_STEPS_PER_PACKET;
        while (receivedBytes < until) {
            if (stepsLeft-- == 0) {
                throw new IllegalStateException("the connection has come to a halt");
            }
            step();
        }
    }

    private void step() {
        long timeout = Math.min(sender.pollTimeout(), receiver.pollTimeout());
        long arrival = Math.min(forward.nextArrivalNanos(), back.nextArrivalNanos());
        long next = Math.min(timeout, arrival);
        if (next == Endpoint.NO_TIMEOUT) {
            throw new IllegalStateException("there is nothing left to do");
        }
        nowNanos = Math.max(nowNanos, next);
        for (ByteBuffer datagram; (datagram = forward.poll(nowNanos)) != null; ) {
            receiver.handleDatagram(nowNanos, SENDER, datagram);
        }
        for (ByteBuffer datagram; (datagram = back.poll(nowNanos)) != null; ) {
            sender.handleDatagram(nowNanos, RECEIVER, datagram);
        }
        sender.handleTimeout(nowNanos);
        receiver.handleTimeout(nowNanos);
        drain(receiver, back);
        drain(sender, forward);
    }

    private void drain(Endpoint endpoint, PathRing path) {
        for (boolean more = true; more; ) {
            more = false;
            for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; more = true) {
                onEvent(event);
            }
            Transmit transmit;
            while ((transmit = endpoint.pollTransmit(nowNanos, path.slot())) != null) {
                path.send(nowNanos, transmit.sizeBytes());
                more = true;
            }
        }
    }

    private void onEvent(ConnectionEvent event) {
        Connection connection = event.connection();
        switch (event.kind()) {
            case READABLE -> read(connection);
            case WRITABLE -> write(connection);
            case CLOSED -> throw new IllegalStateException("the connection has ended: " + connection.closeReason());
            case INCOMING, CONNECTED -> {}
        }
    }

    private void read(Connection connection) {
        for (int count; (count = connection.read(sink.clear())) > 0; ) {
            receivedBytes += count;
        }
    }

    private void write(Connection connection) {
        do {
            connection.write(source.clear());
        } while (!source.hasRemaining());
    }
}
