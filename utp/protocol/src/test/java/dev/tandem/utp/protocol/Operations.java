package dev.tandem.utp.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.protocol.congestion.Ledbat;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Reads bytes as a program of what applications, the network and time do to two endpoints: write, pause, close, deliver, drop,
 * reorder, repeat, forge, wait. After each step the invariants must hold, every byte read must be the one that was
 * written, and in the end, on a network that works again, every connection must come to its end.
 */
final class Operations {
    private static final int MAX_OPERATIONS = 3_000;
    private static final int MAX_IN_TRANSIT = 400;
    private static final int MAX_DIALS = 8;
    private static final int LIVELOCK = 20_000;
    private static final long END_NANOS = 400 * Pair.SECONDS;

    /** What one byte of a program means; the next one or two are its operands. */
    private enum Operation {
        WAIT_MILLIS,
        WAIT_FOR_DEADLINE,
        WAIT_SECONDS,
        DELIVER_TO_SERVER,
        DELIVER_TO_CLIENT,
        DELIVER_ALL,
        DROP,
        REPEAT,
        REORDER,
        FORGE,
        CLIENT_WRITES,
        SERVER_WRITES,
        PAUSE_OR_RESUME,
        FINISH,
        BLOCK_SENDING,
        RARE
    }

    private static final Operation[] OPERATIONS = Operation.values();

    private final ByteBuffer program;
    private final Endpoint client;
    private final Endpoint server;
    private final ArrayDeque<Datagram> toServer = new ArrayDeque<>();
    private final ArrayDeque<Datagram> toClient = new ArrayDeque<>();
    private final List<Peer> dialled = new ArrayList<>();
    private final List<Peer> accepted = new ArrayList<>();
    private final Invariants invariants = new Invariants();
    private final ByteBuffer out = ByteBuffer.allocate(2_048);
    private long now;
    private boolean sendingBlocked;

    /** A header was forged, so streams may break; they must still come to their end. */
    private boolean forged;

    private Operations(byte[] bytes) {
        program = ByteBuffer.wrap(bytes);
        int kind = next();
        Random random = new Random(next());
        now = (long) (next() - 128) << 36;
        int buffer = 4_096 << (kind & 3);
        EndpointConfig config = EndpointConfig.DEFAULT
                .withMaxConnections(20)
                .withDontFragment((kind & 128) != 0)
                .withConnection(ConnectionConfig.DEFAULT
                        .withSendBufferBytes(buffer)
                        .withReceiveBufferBytes(4_096 << (kind >> 2 & 3))
                        .withMaxDatagramBytes((kind & 16) == 0 ? 576 : 0)
                        .withCongestionController((kind & 64) == 0 ? Ledbat::new : Bbr::new)
                        .withKeepAliveNanos((kind & 32) == 0 ? 29 * Pair.SECONDS : 0));
        client = new Endpoint(config, random::nextInt);
        server = new Endpoint(config, random::nextInt);
    }

    /** Runs a program; any bytes are one. */
    static void run(byte[] bytes) {
        new Operations(bytes).run();
    }

    private void run() {
        dial();
        for (int i = 0; i < MAX_OPERATIONS && program.hasRemaining(); i++) {
            step(OPERATIONS[next() % OPERATIONS.length]);
            settle();
        }
        end();
    }

    private void step(Operation operation) {
        switch (operation) {
            case WAIT_MILLIS -> pass(next() * Pair.MILLIS);
            case WAIT_FOR_DEADLINE -> {
                long deadline = Math.min(client.pollTimeout(), server.pollTimeout());
                if (deadline != Endpoint.NO_TIMEOUT) {
                    pass(Math.max(0, deadline - now));
                }
            }
            case WAIT_SECONDS -> pass(next() % 40 * Pair.SECONDS);
            case DELIVER_TO_SERVER -> deliver(toServer, server, next() % 8 + 1);
            case DELIVER_TO_CLIENT -> deliver(toClient, client, next() % 8 + 1);
            case DELIVER_ALL -> {
                deliver(toServer, server, MAX_IN_TRANSIT);
                deliver(toClient, client, MAX_IN_TRANSIT);
            }
            case DROP -> queue().poll();
            case REPEAT -> {
                ArrayDeque<Datagram> queue = queue();
                if (!queue.isEmpty()) {
                    put(queue, queue.getFirst());
                }
            }
            case REORDER -> {
                ArrayDeque<Datagram> queue = queue();
                if (!queue.isEmpty()) {
                    queue.add(queue.remove());
                }
            }
            case FORGE -> forge();
            case CLIENT_WRITES -> write(dialled);
            case SERVER_WRITES -> write(accepted);
            case PAUSE_OR_RESUME -> {
                Peer peer = any();
                if (next() % 2 == 0) {
                    peer.pause();
                } else {
                    peer.resume();
                }
            }
            case FINISH -> any().thenFinish();
            case BLOCK_SENDING -> sendingBlocked = next() % 4 == 0;
            case RARE -> rare();
        }
    }

    private void rare() {
        switch (next() % 24) {
            case 0 -> any().connection.reset();
            case 1 -> any().close();
            case 2 -> any().discardInput();
            case 3, 4 -> dial();
            default -> {}
        }
    }

    /** A copy of a packet in transit with one byte of its header changed comes to where it was going. */
    private void forge() {
        boolean upward = next() % 2 == 0;
        Datagram original = (upward ? toServer : toClient).peek();
        int at = next() % 24;
        int value = next();
        if (original != null && at < original.sizeBytes() && (byte) value != original.bytes()[at]) {
            forged = true;
            dialled.forEach(Peer::expectAnything);
            accepted.forEach(Peer::expectAnything);
            byte[] bytes = original.bytes().clone();
            bytes[at] = (byte) value;
            handle(upward ? server : client, new Datagram(bytes));
        }
    }

    private void dial() {
        if (dialled.size() < MAX_DIALS) {
            dialled.add(new Peer(client.connect(now, Pair.SERVER)));
        }
    }

    private void write(List<Peer> peers) {
        int which = next();
        long bytes = 1L << (next() % 15);
        if (!peers.isEmpty()) {
            peers.get(which % peers.size()).send(bytes);
        }
    }

    private Peer any() {
        int which = next() % (dialled.size() + accepted.size());
        return which < dialled.size() ? dialled.get(which) : accepted.get(which - dialled.size());
    }

    private ArrayDeque<Datagram> queue() {
        return next() % 2 == 0 ? toServer : toClient;
    }

    private void pass(long nanos) {
        now += nanos;
        client.handleTimeout(now);
        server.handleTimeout(now);
    }

    private void deliver(ArrayDeque<Datagram> queue, Endpoint to, int most) {
        for (int i = 0; i < most && !queue.isEmpty(); i++) {
            handle(to, queue.remove());
        }
    }

    private void handle(Endpoint to, Datagram datagram) {
        to.handleDatagram(now, to == server ? Pair.CLIENT : Pair.SERVER, ByteBuffer.wrap(datagram.bytes()));
    }

    /** Drains both ends; what does not fit the network is lost. */
    private void settle() {
        drain(client, toServer);
        drain(server, toClient);
        if (!sendingBlocked) {
            invariants.check(client);
            invariants.check(server);
        }
    }

    private void drain(Endpoint endpoint, ArrayDeque<Datagram> queue) {
        int actions = 0;
        for (boolean more = true; more; ) {
            more = false;
            for (ConnectionEvent event; (event = endpoint.pollEvent()) != null; more = true) {
                dispatch(event);
                assertTrue(++actions < LIVELOCK, "events without end");
            }
            if (sendingBlocked) {
                continue;
            }
            for (Transmit transmit; (transmit = endpoint.pollTransmit(now, out.clear())) != null; more = true) {
                byte[] bytes = new byte[transmit.sizeBytes()];
                out.flip().get(bytes);
                put(queue, new Datagram(bytes));
                assertTrue(++actions < LIVELOCK, "packets without end");
            }
        }
    }

    private static void put(ArrayDeque<Datagram> queue, Datagram datagram) {
        if (queue.size() < MAX_IN_TRANSIT) {
            queue.add(datagram);
        }
    }

    private void dispatch(ConnectionEvent event) {
        Peer peer = (Peer) event.connection().attachment();
        if (event.kind() == ConnectionEvent.Kind.INCOMING) {
            peer = new Peer(event.connection());
            accepted.add(peer);
            if (forged) {
                peer.expectAnything();
            }
        }
        if (peer != null) {
            peer.onEvent(event.kind());
        }
    }

    /** The network works again and everyone reads and says good-bye: nothing may be left after a while. */
    private void end() {
        sendingBlocked = false;
        long limit = now + END_NANOS;
        while (held(client) > 0 || held(server) > 0) {
            for (int i = 0; i < accepted.size() + dialled.size(); i++) {
                Peer peer = i < dialled.size() ? dialled.get(i) : accepted.get(i - dialled.size());
                peer.resume();
                if (peer.connection.closeReason() == null) {
                    peer.thenFinish();
                    // Without keepalive nobody learns that a peer is gone who owes nothing but its own end.
                    if (limit - now < END_NANOS / 2) {
                        peer.close();
                    }
                }
            }
            settle();
            pass(10 * Pair.MILLIS);
            deliver(toServer, server, MAX_IN_TRANSIT);
            deliver(toClient, client, MAX_IN_TRANSIT);
            settle();
            assertTrue(now < limit, () -> "not over: " + client.stats() + " " + dialled + " " + server.stats());
        }
        assertEquals(Endpoint.NO_TIMEOUT, client.pollTimeout(), "nobody to wait for");
        assertEquals(Endpoint.NO_TIMEOUT, server.pollTimeout(), "nobody to wait for");
        for (Peer peer : accepted) {
            Peer other = otherEndOf(peer);
            if (!forged && other != null && peer.isFinishedCleanly() && other.isFinishedCleanly()) {
                peer.assertReceivedAllOf(other);
                other.assertReceivedAllOf(peer);
            }
        }
    }

    private @org.jspecify.annotations.Nullable Peer otherEndOf(Peer peer) {
        for (Peer candidate : dialled) {
            if (candidate.connection.sendId() == peer.connection.receiveId()) {
                return candidate;
            }
        }
        return null;
    }

    private static int held(Endpoint endpoint) {
        return endpoint.stats().connections() + endpoint.stats().halfOpen();
    }

    private int next() {
        return program.hasRemaining() ? program.get() & 0xff : 0;
    }
}
