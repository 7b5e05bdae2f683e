package dev.tandem.utp.paired.strangers;

import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;

/** Tells an ORPort where a stranger comes from, ahead of the stranger's first byte. Otherwise it sees them all come from here. */
public interface Introduction {
    /**
     * Begins one, on the event loop of the connection to the ORPort, before that is connected.
     *
     * @param pipeline of that connection; the handler that introduces goes to its end, and leaves when it is done
     * @param stranger where the stranger's connection comes from
     * @return succeeds when the stranger's bytes may flow. If it fails, the ORPort counts as unreachable. Completed on the event loop, and
     *     never if the connection is never up
     */
    Future<Void> begin(ChannelPipeline pipeline, InetSocketAddress stranger);
}
