package dev.tandem.client.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Sends datagrams for one bridge to a SOCKS5 relay, with the header that it wants, and takes it from those that come back (RFC 1928,
 * section 7). Whatever else comes is dropped: from others, of others, in fragments.
 */
final class RelayedDatagrams extends ChannelDuplexHandler {
    private static final byte IPV4 = 1;
    private static final byte IPV6 = 4;
    /** Two reserved bytes, the fragment's number, the kind of address, the port. */
    private static final int HEADER_BYTES = 6;

    private final InetSocketAddress relay;
    private final InetSocketAddress bridge;
    private final Runnable whenClosed;
    private final byte[] header;

    /** @param whenClosed runs when the socket is closed */
    RelayedDatagrams(InetSocketAddress relay, InetSocketAddress bridge, Runnable whenClosed) {
        this.relay = relay;
        this.bridge = bridge;
        this.whenClosed = whenClosed;
        byte[] address = bridge.getAddress().getAddress();
        this.header = ByteBuffer.allocate(headerBytes(bridge))
                .putShort((short) 0)
                .put((byte) 0)
                .put(address.length == 4 ? IPV4 : IPV6)
                .put(address)
                .putShort((short) bridge.getPort())
                .array();
    }

    /** What is before each datagram for a bridge: 10 bytes with IPv4, 22 with IPv6. */
    static int headerBytes(InetSocketAddress bridge) {
        return HEADER_BYTES + bridge.getAddress().getAddress().length;
    }

    /** IPv4 within IPv6 as IPv4. */
    static InetAddress addressOf(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError("4 or 16 bytes are always an address", e);
        }
    }

    private static boolean isSame(InetSocketAddress one, InetSocketAddress other) {
        return one.getPort() == other.getPort()
                && addressOf(one.getAddress().getAddress())
                        .equals(addressOf(other.getAddress().getAddress()));
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        DatagramPacket datagram = (DatagramPacket) message;
        ByteBuf bytes = datagram.content();
        // A copy, so that the batch that it is a part of is free again.
        ByteBuf wrapped = ctx.alloc()
                .ioBuffer(header.length + bytes.readableBytes())
                .writeBytes(header)
                .writeBytes(bytes);
        datagram.release();
        ctx.write(new DatagramPacket(wrapped, relay), promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        DatagramPacket datagram = (DatagramPacket) message;
        if (isSame(datagram.sender(), relay) && skipHeader(datagram.content())) {
            ctx.fireChannelRead(new DatagramPacket(datagram.content(), datagram.recipient(), bridge));
        } else {
            datagram.release();
        }
    }

    /** Whether what follows is a whole datagram of the bridge's. */
    private boolean skipHeader(ByteBuf bytes) {
        if (bytes.readableBytes() < HEADER_BYTES) {
            return false;
        }
        bytes.skipBytes(2);
        byte fragment = bytes.readByte();
        byte kind = bytes.readByte();
        int length = kind == IPV4 ? 4 : 16;
        if (fragment != 0 || (kind != IPV4 && kind != IPV6) || bytes.readableBytes() < length + 2) {
            return false;
        }
        byte[] address = new byte[length];
        bytes.readBytes(address);
        return isSame(new InetSocketAddress(addressOf(address), bytes.readUnsignedShort()), bridge);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        whenClosed.run();
        ctx.fireChannelInactive();
    }
}
