package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.SocksReplyCode;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;

/** The answer to a {@link SocksRequest}: one of the two, once, from any thread. */
public interface SocksReply {
    /** tor's connection to us: its event loop is the one to dial on, and its closing means that tor has given up. */
    Channel channel();

    /**
     * Says that the far side is ready, and gives the channel over to {@code relay}.
     *
     * <p>On the channel's event loop, in one turn: the success is written and flushed; auto-read is switched off; the SOCKS handlers leave
     * the pipeline and the relay handlers take their place, in this order; then the bytes that tor sent behind its request, if any, come to the relay as
     * {@code channelRead} and one {@code channelReadComplete}. The channel has long been active, so the relay sees no {@code channelActive}.
     * When it wants more bytes, it switches auto-read on or calls {@code read()}.
     *
     * @return the writing of the success. If the channel was closed or answered before, it fails, and the relay was not installed: the caller
     *     then closes the far side.
     */
    ChannelFuture grant(ChannelHandler... relay);

    /**
     * Says that it did not work and closes the channel. Does nothing if the channel was closed or answered before.
     *
     * @param code anything but {@link SocksReplyCode#SUCCEEDED}
     */
    void reject(SocksReplyCode code);
}
