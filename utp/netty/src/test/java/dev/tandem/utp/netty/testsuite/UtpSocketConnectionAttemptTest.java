package dev.tandem.utp.netty.testsuite;

import io.netty.bootstrap.Bootstrap;
import io.netty.testsuite.transport.TestsuitePermutation;
import io.netty.testsuite.transport.socket.SocketConnectionAttemptTest;
import java.util.List;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class UtpSocketConnectionAttemptTest extends SocketConnectionAttemptTest {
    @Override
    protected List<TestsuitePermutation.BootstrapFactory<Bootstrap>> newFactories() {
        return Permutation.clients();
    }

    @Test
    @Override
    @Disabled("nobody refuses a datagram to a port where nobody listens: it stays unanswered")
    public void testConnectRefused(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("nobody refuses a datagram to a port where nobody listens: it stays unanswered")
    public void testConnectRefusedHalfClosure(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("asks a TCP socket first whether the address is silent; UtpChannelContractTest tests it")
    public void testConnectCancellation(TestInfo testInfo) {}
}
