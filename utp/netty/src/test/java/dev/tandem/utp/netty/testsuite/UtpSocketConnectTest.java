package dev.tandem.utp.netty.testsuite;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.testsuite.transport.TestsuitePermutation;
import io.netty.testsuite.transport.socket.SocketConnectTest;
import java.util.List;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class UtpSocketConnectTest extends SocketConnectTest {
    @Override
    protected List<TestsuitePermutation.BootstrapComboFactory<ServerBootstrap, Bootstrap>> newFactories() {
        return Permutation.both();
    }

    @Test
    @Override
    @Disabled("the UDP socket of a dialled channel is bound to the wildcard")
    public void testLocalAddressAfterConnect(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("TCP Fast Open")
    public void testWriteWithFastOpenBeforeConnect(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("TCP Fast Open")
    public void testWriteWithFastOpenBeforeConnectDirectBufferReaderIndex(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("TCP Fast Open")
    public void testWriteWithFastOpenBeforeConnectCompositeBuffer(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("TCP Fast Open")
    public void testWriteWithFastOpenBeforeConnectCompositeBufferReaderIndex(TestInfo testInfo) {}
}
