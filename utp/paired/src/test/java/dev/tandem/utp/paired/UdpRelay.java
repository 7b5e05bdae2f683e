package dev.tandem.utp.paired;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Passes datagrams between clients and one server, or does to them what it is told to: a network that fails. */
final class UdpRelay implements AutoCloseable {
    /** Takes datagrams on towards where the one at hand was going. */
    interface Onward {
        void send(ByteBuffer datagram) throws IOException;
    }

    /** Decides what becomes of each datagram, on the relay's thread; what it does to the relay is done to that one already. */
    interface Filter {
        /** Both ways are the filter's own: it may change the datagram, send it, drop it, or send others. */
        void handle(boolean up, ByteBuffer datagram, Onward onward) throws IOException;
    }

    static final Filter PASS = (up, datagram, onward) -> onward.send(datagram);

    final AtomicLong passed = new AtomicLong();
    volatile boolean blocked;
    volatile Filter filter = PASS;
    private InetSocketAddress server;
    private InetAddress source = InetAddress.getLoopbackAddress();
    private final Selector selector = Selector.open();
    private final DatagramChannel front = DatagramChannel.open();
    private final InetSocketAddress address;
    private final Map<InetSocketAddress, DatagramChannel> backs = new HashMap<>();
    private final Queue<Runnable> changes = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);

    UdpRelay(InetSocketAddress server) throws IOException {
        this.server = server;
        front.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        address = (InetSocketAddress) front.getLocalAddress();
        front.configureBlocking(false);
        front.register(selector, SelectionKey.OP_READ);
        Thread thread = new Thread(this::run);
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return address;
    }

    /** The NAT has forgotten its mappings: what comes next comes from another port, of this address. */
    void rebind(InetAddress from) {
        change(() -> {
            source = from;
            closeBacks();
        });
    }

    /** Another server is there now. */
    void retarget(InetSocketAddress other) {
        change(() -> {
            server = other;
            closeBacks();
        });
    }

    /** Closes the port to both sides: the kernel refuses what is sent to it. */
    void refuse() {
        change(() -> {
            closeBacks();
            close(front);
        });
    }

    private void change(Runnable change) {
        changes.add(change);
        selector.wakeup();
    }

    private void makeChanges() {
        for (@Nullable Runnable change = changes.poll(); change != null; change = changes.poll()) {
            change.run();
        }
    }

    private void run() {
        try {
            while (selector.isOpen()) {
                selector.select();
                makeChanges();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isValid()) {
                        read((DatagramChannel) key.channel(), (InetSocketAddress) key.attachment());
                    }
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException | ClosedSelectorException | CancelledKeyException e) {
            // The test is over.
        } finally {
            // Here and not in close(): what is registered stays open until its selector is closed.
            closeBacks();
            close(front);
        }
    }

    /** The attachment is the client of a back channel, and null for the front. */
    private void read(DatagramChannel from, @Nullable InetSocketAddress client) throws IOException {
        while (from.isOpen()) {
            buffer.clear();
            InetSocketAddress sender;
            try {
                sender = (InetSocketAddress) from.receive(buffer);
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // An ICMP answer to what was sent.
                continue;
            }
            if (sender == null) {
                return;
            }
            buffer.flip();
            if (!blocked) {
                filter.handle(client == null, buffer, datagram -> pass(datagram, from, sender, client));
            }
        }
    }

    private void pass(
            ByteBuffer datagram, DatagramChannel from, InetSocketAddress sender, @Nullable InetSocketAddress client)
            throws IOException {
        makeChanges();
        if (blocked || !from.isOpen()) {
            return;
        }
        passed.addAndGet(datagram.remaining());
        try {
            if (client != null) {
                front.send(datagram, client);
            } else {
                back(sender).send(datagram, server);
            }
        } catch (ClosedChannelException e) {
            // Refused.
        } catch (IOException e) {
            // An ICMP answer to what was sent before; this one is lost.
        }
    }

    private DatagramChannel back(InetSocketAddress client) throws IOException {
        DatagramChannel back = backs.get(client);
        if (back == null) {
            back = DatagramChannel.open();
            back.bind(new InetSocketAddress(source, 0));
            back.configureBlocking(false);
            back.register(selector, SelectionKey.OP_READ, client);
            backs.put(client, back);
        }
        return back;
    }

    private void closeBacks() {
        backs.values().forEach(UdpRelay::close);
        backs.clear();
    }

    private static void close(DatagramChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is closed all the same.
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }
}
