package dev.tandem.utp.paired;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** An event loop of the machine's best kind that knows its timers and its sockets. */
final class CountedLoop extends SingleThreadIoEventLoop {
    /** Timers that were set, and have neither fired nor been cancelled. */
    private final Set<ScheduledFuture<?>> timers = ConcurrentHashMap.newKeySet();

    private CountedLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory io) {
        super(parent, executor, io);
    }

    /** One such loop, in a group of its own. */
    static MultiThreadIoEventLoopGroup newGroup() {
        IoHandlerFactory io = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(1, io) {
            @Override
            protected IoEventLoop newChild(Executor executor, IoHandlerFactory factory, Object... args) {
                return new CountedLoop(this, executor, factory);
            }
        };
    }

    int timers() {
        return timers.size();
    }

    /** Sockets that the loop waits for. On the loop. */
    int sockets() {
        return getNumOfRegisteredChannels();
    }

    private <F extends ScheduledFuture<?>> F counted(F timer) {
        timers.add(timer);
        timer.addListener(done -> timers.remove(timer));
        return timer;
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        return counted(super.schedule(command, delay, unit));
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
        return counted(super.schedule(callable, delay, unit));
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable command, long initialDelay, long period, TimeUnit unit) {
        return counted(super.scheduleAtFixedRate(command, initialDelay, period, unit));
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable command, long initialDelay, long delay, TimeUnit unit) {
        return counted(super.scheduleWithFixedDelay(command, initialDelay, delay, unit));
    }
}
