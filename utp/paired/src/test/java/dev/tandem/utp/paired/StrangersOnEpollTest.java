package dev.tandem.utp.paired;

import dev.tandem.utp.netty.UtpTransports;
import io.netty.channel.EventLoopGroup;

/** The same on the event loops that the proxies use: epoll's, where it is to be had. */
class StrangersOnEpollTest extends StrangersTest {
    @Override
    EventLoopGroup loops() {
        return UtpTransports.newEventLoopGroup(1);
    }
}
