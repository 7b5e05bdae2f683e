package dev.tandem.utp.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Passes everything on, for what Netty's own operations have to be changed in and are final. */
@SuppressWarnings("deprecation") // Netty names no other way to its allocator's handle
abstract class ForwardingUnsafe implements Channel.Unsafe {
    private final Channel.Unsafe target;

    ForwardingUnsafe(Channel.Unsafe target) {
        this.target = target;
    }

    @Override
    public RecvByteBufAllocator.Handle recvBufAllocHandle() {
        return target.recvBufAllocHandle();
    }

    @Override
    public @Nullable SocketAddress localAddress() {
        return target.localAddress();
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return target.remoteAddress();
    }

    @Override
    public void register(EventLoop loop, ChannelPromise promise) {
        target.register(loop, promise);
    }

    @Override
    public void bind(SocketAddress local, ChannelPromise promise) {
        target.bind(local, promise);
    }

    @Override
    public void connect(SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
        target.connect(remote, local, promise);
    }

    @Override
    public void disconnect(ChannelPromise promise) {
        target.disconnect(promise);
    }

    @Override
    public void close(ChannelPromise promise) {
        target.close(promise);
    }

    @Override
    public void closeForcibly() {
        target.closeForcibly();
    }

    @Override
    public void deregister(ChannelPromise promise) {
        target.deregister(promise);
    }

    @Override
    public void beginRead() {
        target.beginRead();
    }

    @Override
    public void write(Object message, ChannelPromise promise) {
        target.write(message, promise);
    }

    @Override
    public void flush() {
        target.flush();
    }

    @Override
    public ChannelPromise voidPromise() {
        return target.voidPromise();
    }

    @Override
    public @Nullable ChannelOutboundBuffer outboundBuffer() {
        return target.outboundBuffer();
    }
}
