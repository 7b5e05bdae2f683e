package dev.tandem.utp.netty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import org.junit.jupiter.api.Test;

class DontFragmentTest {
    /** As ip(7) has them. */
    private static final IntegerUnixChannelOption IP_MTU_DISCOVER = new IntegerUnixChannelOption("test", 0, 10);

    @Test
    void theKernelSetsDfOnceItIsAsked() {
        assumeTrue(Epoll.isAvailable(), "no epoll here");
        EpollDatagramChannel channel = new EpollDatagramChannel();
        try {
            DontFragment dontFragment = new DontFragment(channel);
            assertTrue(dontFragment.set(true) && dontFragment.isSet());
            assertEquals(3, channel.config().getOption(IP_MTU_DISCOVER));
            assertTrue(dontFragment.set(false));
            assertFalse(dontFragment.isSet());
            assertEquals(0, channel.config().getOption(IP_MTU_DISCOVER));
        } finally {
            channel.unsafe().closeForcibly();
        }
    }

    @Test
    void elsewhereItSaysThatItCannot() {
        NioDatagramChannel channel = new NioDatagramChannel();
        try {
            DontFragment dontFragment = new DontFragment(channel);
            assertFalse(dontFragment.set(true) || dontFragment.isSet());
        } finally {
            channel.unsafe().closeForcibly();
        }
    }
}
