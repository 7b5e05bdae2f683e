package dev.tandem.utp.netty.testsuite;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.testsuite.transport.TestsuitePermutation;
import io.netty.testsuite.transport.socket.SocketHalfClosedTest;
import java.util.List;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

class UtpSocketHalfClosedTest extends SocketHalfClosedTest {
    @Override
    protected List<TestsuitePermutation.BootstrapComboFactory<ServerBootstrap, Bootstrap>> newFactories() {
        return Permutation.both();
    }

    @Test
    @Override
    @Disabled("casts to SocketChannel, which has the options of TCP")
    public void testHalfClosureReceiveDataOnFinalWait2StateWhenSoLingerSet(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("a µTP connection that was reset has ended both ways, so nothing is left to read")
    public void testAutoCloseFalseDoesShutdownOutput(TestInfo testInfo) {}

    @Test
    @Override
    @Disabled("as with NIO, the end of the input is told when it is read")
    public void testAllDataReadEventTriggeredAfterHalfClosure(TestInfo testInfo) {}
}
