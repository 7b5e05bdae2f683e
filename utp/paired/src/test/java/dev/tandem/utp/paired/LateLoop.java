package dev.tandem.utp.paired;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** An event loop with real sockets whose time stands still, unless it is told that some has passed. */
final class LateLoop extends SingleThreadIoEventLoop {
    private final MockTicker ticker;

    private LateLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory io, MockTicker ticker) {
        super(parent, executor, io);
        this.ticker = ticker;
    }

    /** One such loop, in a group of its own. */
    static MultiThreadIoEventLoopGroup newGroup() {
        IoHandlerFactory io = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        MockTicker ticker = Ticker.newMockTicker();
        return new MultiThreadIoEventLoopGroup(1, io) {
            @Override
            protected IoEventLoop newChild(Executor executor, IoHandlerFactory factory, Object... args) {
                return new LateLoop(this, executor, factory, ticker);
            }
        };
    }

    @Override
    public Ticker ticker() {
        return ticker == null ? Ticker.systemTicker() : ticker;
    }

    /** Lets so much time pass at once, behind all that the loop is about, and whatever was due meanwhile happen. Not on the loop. */
    void pass(long amount, TimeUnit unit) throws Exception {
        wake();
        ticker.advance(amount, unit);
        // The loop looks for what is due whenever something wakes it.
        wake();
    }

    /** It ends when time has passed in which nothing happened. */
    @Override
    protected boolean confirmShutdown() {
        ticker.advance(1, TimeUnit.SECONDS);
        return super.confirmShutdown();
    }

    private void wake() throws Exception {
        submit(() -> {}).get(30, TimeUnit.SECONDS);
    }
}
