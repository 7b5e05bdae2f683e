package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.memory.PathMemory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClientRehearsalTest {
    private final ClientProxy proxy = new ClientProxy(
            LinkConfig.DEFAULT,
            null,
            new PathMemory(InstantSource.system(), new SecureRandom()),
            new ProxyLog((severity, line) -> {}, false),
            null);

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void bytesComeBackThroughTheListenerThatTorUses() throws Exception {
        proxy.listenSocks(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        assertTrue(proxy.rehearse());
    }

    @Test
    void withoutAListenerThereIsNothingToRehearse() throws Exception {
        assertFalse(proxy.rehearse());
    }
}
