package dev.tandem.utp.paired;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * Behind a listening TCP channel: tells that connections cannot be accepted, which happens when the process has used up its
 * descriptors. Netty itself stops accepting for a second then, and says nothing that anybody hears.
 */
final class AcceptWatch extends ChannelInboundHandlerAdapter {
    private static final long TELL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final LongConsumer listener;
    private long untold;
    private boolean told;
    private long toldNanos;

    /** @param listener hears how often it failed since it was told last; at most once a minute */
    AcceptWatch(LongConsumer listener) {
        this.listener = listener;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        untold++;
        long now = ctx.executor().ticker().nanoTime();
        if (!told || now - toldNanos >= TELL_NANOS) {
            told = true;
            toldNanos = now;
            listener.accept(untold);
            untold = 0;
        }
    }
}
