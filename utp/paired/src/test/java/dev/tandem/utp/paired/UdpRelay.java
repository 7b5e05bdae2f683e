package dev.tandem.utp.paired;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Passes datagrams between clients and one server, or drops them all: a network that blocks UDP when told to. */
final class UdpRelay implements AutoCloseable {
    final AtomicLong passed = new AtomicLong();
    volatile boolean blocked;
    private final InetSocketAddress server;
    private final Selector selector = Selector.open();
    private final DatagramChannel front = DatagramChannel.open();
    private final Map<InetSocketAddress, DatagramChannel> backs = new HashMap<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);

    UdpRelay(InetSocketAddress server) throws IOException {
        this.server = server;
        front.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        front.configureBlocking(false);
        front.register(selector, SelectionKey.OP_READ);
        Thread thread = new Thread(this::run);
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return new InetSocketAddress(
                InetAddress.getLoopbackAddress(), front.socket().getLocalPort());
    }

    private void run() {
        try {
            while (selector.isOpen()) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    read((DatagramChannel) key.channel(), (InetSocketAddress) key.attachment());
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException | java.nio.channels.ClosedSelectorException e) {
            // The test is over.
        }
    }

    /** The attachment is the client of a back channel, and null for the front. */
    private void read(DatagramChannel from, InetSocketAddress client) throws IOException {
        while (true) {
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
            if (blocked) {
                continue;
            }
            passed.addAndGet(buffer.remaining());
            if (client != null) {
                front.send(buffer, client);
            } else {
                back(sender).send(buffer, server);
            }
        }
    }

    private DatagramChannel back(InetSocketAddress client) throws IOException {
        DatagramChannel back = backs.get(client);
        if (back == null) {
            back = DatagramChannel.open();
            back.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            back.configureBlocking(false);
            back.register(selector, SelectionKey.OP_READ, client);
            backs.put(client, back);
        }
        return back;
    }

    @Override
    public void close() throws IOException {
        selector.close();
        front.close();
        for (DatagramChannel back : backs.values()) {
            back.close();
        }
    }
}
