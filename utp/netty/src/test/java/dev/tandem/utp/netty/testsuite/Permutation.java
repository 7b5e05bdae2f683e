package dev.tandem.utp.netty.testsuite;

import dev.tandem.utp.netty.UtpChannel;
import dev.tandem.utp.netty.UtpServerChannel;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.testsuite.transport.TestsuitePermutation.BootstrapComboFactory;
import io.netty.testsuite.transport.TestsuitePermutation.BootstrapFactory;
import java.util.ArrayList;
import java.util.List;

/** The transports with which Netty's own tests of its stream sockets are run, each with groups of several loops. */
final class Permutation {
    private static final int LOOPS = 2;

    /** One for each kind of loop, for all tests: they are daemons, as Netty's own are. */
    private static final List<EventLoopGroup> GROUPS = groups();

    private Permutation() {}

    private static List<EventLoopGroup> groups() {
        List<IoHandlerFactory> factories = new ArrayList<>();
        factories.add(NioIoHandler.newFactory());
        if (Epoll.isAvailable()) {
            factories.add(EpollIoHandler.newFactory());
        }
        List<EventLoopGroup> groups = new ArrayList<>();
        for (IoHandlerFactory factory : factories) {
            groups.add(new MultiThreadIoEventLoopGroup(LOOPS, new DaemonThreads(), factory));
        }
        return groups;
    }

    /** A server and a client on the same kind of loop. */
    static List<BootstrapComboFactory<ServerBootstrap, Bootstrap>> both() {
        List<BootstrapComboFactory<ServerBootstrap, Bootstrap>> factories = new ArrayList<>();
        for (EventLoopGroup group : GROUPS) {
            factories.add(new BootstrapComboFactory<>() {
                @Override
                public ServerBootstrap newServerInstance() {
                    return new ServerBootstrap().group(group, group).channel(UtpServerChannel.class);
                }

                @Override
                public Bootstrap newClientInstance() {
                    return new Bootstrap().group(group).channel(UtpChannel.class);
                }
            });
        }
        return factories;
    }

    static List<BootstrapFactory<Bootstrap>> clients() {
        List<BootstrapFactory<Bootstrap>> factories = new ArrayList<>();
        for (BootstrapComboFactory<ServerBootstrap, Bootstrap> both : both()) {
            factories.add(both::newClientInstance);
        }
        return factories;
    }

    static List<BootstrapFactory<ServerBootstrap>> servers() {
        List<BootstrapFactory<ServerBootstrap>> factories = new ArrayList<>();
        for (BootstrapComboFactory<ServerBootstrap, Bootstrap> both : both()) {
            factories.add(both::newServerInstance);
        }
        return factories;
    }

    private static final class DaemonThreads implements java.util.concurrent.ThreadFactory {
        @Override
        public Thread newThread(Runnable task) {
            Thread thread = new Thread(task, "testsuite");
            thread.setDaemon(true);
            return thread;
        }
    }
}
