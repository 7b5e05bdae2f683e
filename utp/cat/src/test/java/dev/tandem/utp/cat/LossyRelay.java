package dev.tandem.utp.cat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A bad path on loopback, between one client, which dials {@link #address()}, and one server: it drops, delays, reorders and
 * repeats datagrams. What becomes of the n-th datagram of a direction follows from the seed alone, whatever the other
 * direction does meanwhile.
 */
final class LossyRelay implements AutoCloseable {
    /**
     * What happens to datagrams.
     *
     * @param loss share that is dropped, 0 to 1
     * @param reordering share that is held back, so that later ones overtake them
     * @param duplication share that arrives twice
     * @param delayMillis how long every datagram takes
     * @param heldBackMillis how much longer those that are held back take
     */
    record Faults(double loss, double reordering, double duplication, int delayMillis, int heldBackMillis) {
        static final Faults NONE = new Faults(0, 0, 0, 0, 0);

        /** 1 % lost, 2 % overtaken, 0.5 % doubled, 1 ms each way. */
        static final Faults SOME = new Faults(0.01, 0.02, 0.005, 1, 3);
    }

    /** Sees each datagram as it comes in, before anything happens to it; on the relay's thread. */
    interface Tap {
        void saw(boolean toServer, ByteBuffer datagram);
    }

    /** More than both directions' largest windows; a queue that reaches it drops. */
    private static final int MAX_WAITING = 4096;

    private static final int BUFFER_BYTES = 4 << 20;

    private final long seed;
    private final Faults faults;
    private final Tap tap;
    private final InetSocketAddress server;
    private final Selector selector = Selector.open();
    private final DatagramChannel front = open();
    private final DatagramChannel back = open();
    private final Random toServerFate;
    private final Random toClientFate;
    private final PriorityQueue<Waiting> waiting = new PriorityQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);
    private final Thread thread = new Thread(this::run, "lossy-relay");
    private final AtomicLong passed = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong heldBack = new AtomicLong();
    private final AtomicLong duplicated = new AtomicLong();
    private @Nullable InetSocketAddress client;
    private long arrivals;

    private record Waiting(long dueNanos, long order, boolean toServer, ByteBuffer datagram)
            implements Comparable<Waiting> {
        @Override
        public int compareTo(Waiting other) {
            return dueNanos == other.dueNanos
                    ? Long.compare(order, other.order)
                    : Long.signum(dueNanos - other.dueNanos);
        }
    }

    LossyRelay(InetSocketAddress server, Faults faults, long seed) throws IOException {
        this(server, faults, seed, (toServer, datagram) -> {});
    }

    LossyRelay(InetSocketAddress server, Faults faults, long seed, Tap tap) throws IOException {
        this.server = server;
        this.faults = faults;
        this.seed = seed;
        this.tap = tap;
        // Scrambled: generators with neighbouring seeds begin alike.
        toServerFate = new Random(new Random(seed).nextLong());
        toClientFate = new Random(new Random(~seed).nextLong());
        front.register(selector, SelectionKey.OP_READ);
        back.register(selector, SelectionKey.OP_READ);
        thread.setDaemon(true);
        thread.start();
    }

    private static DatagramChannel open() throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES);
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        channel.configureBlocking(false);
        return channel;
    }

    /** Where the client finds the server. */
    InetSocketAddress address() {
        return address(front);
    }

    /** From where the server sees the client. */
    InetSocketAddress backAddress() {
        return address(back);
    }

    private static InetSocketAddress address(DatagramChannel channel) {
        return new InetSocketAddress(
                InetAddress.getLoopbackAddress(), channel.socket().getLocalPort());
    }

    long passed() {
        return passed.get();
    }

    long dropped() {
        return dropped.get();
    }

    long heldBack() {
        return heldBack.get();
    }

    long duplicated() {
        return duplicated.get();
    }

    @Override
    public String toString() {
        return "relay with seed " + seed + ": " + passed + " passed, " + dropped + " dropped, " + heldBack
                + " held back, " + duplicated + " doubled";
    }

    private void run() {
        try {
            while (selector.isOpen()) {
                if (waiting.isEmpty()) {
                    selector.select();
                } else {
                    long nanos = waiting.peek().dueNanos() - System.nanoTime();
                    if (nanos > 0) {
                        selector.select(TimeUnit.NANOSECONDS.toMillis(nanos) + 1);
                    } else {
                        selector.selectNow();
                    }
                }
                selector.selectedKeys().clear();
                read(front);
                read(back);
                sendDue();
            }
        } catch (IOException | java.nio.channels.ClosedSelectorException e) {
            // Closed: the test is over.
        }
    }

    private void read(DatagramChannel from) throws IOException {
        boolean toServer = from == front;
        while (true) {
            buffer.clear();
            InetSocketAddress sender = (InetSocketAddress) from.receive(buffer);
            if (sender == null) {
                return;
            }
            if (toServer) {
                client = sender;
            }
            buffer.flip();
            tap.saw(toServer, buffer.duplicate());
            decide(toServer);
        }
    }

    /** Draws as many numbers for each datagram, whatever becomes of it. */
    private void decide(boolean toServer) {
        Random fate = toServer ? toServerFate : toClientFate;
        boolean lost = fate.nextDouble() < faults.loss();
        boolean late = fate.nextDouble() < faults.reordering();
        boolean twice = fate.nextDouble() < faults.duplication();
        if (lost) {
            dropped.incrementAndGet();
            return;
        }
        if (late) {
            heldBack.incrementAndGet();
        }
        if (twice) {
            duplicated.incrementAndGet();
        }
        int millis = faults.delayMillis() + (late ? faults.heldBackMillis() : 0);
        if (millis == 0) {
            send(toServer, buffer.duplicate());
        } else {
            hold(toServer, millis);
        }
        if (twice) {
            hold(toServer, millis);
        }
    }

    private void hold(boolean toServer, int millis) {
        if (waiting.size() >= MAX_WAITING) {
            dropped.incrementAndGet();
            return;
        }
        ByteBuffer copy = ByteBuffer.allocate(buffer.remaining());
        copy.put(buffer.duplicate()).flip();
        waiting.add(new Waiting(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), arrivals++, toServer, copy));
    }

    private void sendDue() {
        long nowNanos = System.nanoTime();
        for (Waiting next; (next = waiting.peek()) != null && next.dueNanos() - nowNanos <= 0; ) {
            waiting.remove();
            send(next.toServer(), next.datagram());
        }
    }

    private void send(boolean toServer, ByteBuffer datagram) {
        InetSocketAddress to = toServer ? server : client;
        // Before it arrives, so that who has received it finds it counted.
        passed.incrementAndGet();
        try {
            if (to != null && (toServer ? back : front).send(datagram, to) > 0) {
                return;
            }
        } catch (IOException e) {
            // A path may lose anything.
        }
        passed.decrementAndGet();
        dropped.incrementAndGet();
    }

    /** Afterwards the path is dead: nothing passes, and nobody is told. */
    @Override
    public void close() throws IOException {
        selector.close();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        front.close();
        back.close();
    }
}
