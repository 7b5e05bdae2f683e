package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** In which order bridges are asked. Time begins anywhere. */
class KnownBridgeTest {
    private static final long START = Long.MAX_VALUE - TimeUnit.MINUTES.toNanos(5);

    private final KnownBridge first = bridge("first");
    private final KnownBridge second = bridge("second");
    private final KnownBridge third = bridge("third");
    private long now = START;

    private static KnownBridge bridge(String name) {
        try {
            return KnownBridge.parse(name, "utp 192.0.2.1:1 cert=" + Bridge.CERT);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void assertOrder(KnownBridge... expected) {
        assertEquals(List.of(expected), KnownBridge.inOrder(List.of(first, second, third), now));
    }

    private void pass(long seconds) {
        now += TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void whoFailedComesBehindForAWhileThatGrowsAndNotForEver() {
        assertOrder(first, second, third);
        first.handleFailed(now);
        assertOrder(second, third, first);
        pass(29);
        assertOrder(second, third, first);
        pass(1);
        assertOrder(first, second, third);
        first.handleFailed(now);
        pass(59);
        assertOrder(second, third, first);
        pass(1);
        assertOrder(first, second, third);
        for (int i = 0; i < 100; i++) {
            first.handleFailed(now);
            pass(600);
            assertFalse(first.isFailing(now), "ten minutes at most");
        }
        first.handleAccepted();
        first.handleFailed(now);
        pass(30);
        assertOrder(first, second, third);
    }

    @Test
    void failuresAtOnceCountOnce() {
        for (int i = 0; i < 20; i++) {
            first.handleFailed(now);
        }
        pass(30);
        assertOrder(first, second, third);
    }

    @Test
    void ifAllHaveFailedWhoHasWaitedLongestIsFirst() {
        first.handleRefused(now);
        pass(1);
        third.handleFailed(now);
        pass(1);
        second.handleFailed(now);
        assertOrder(third, second, first);
        first.handleAccepted();
        assertOrder(first, third, second);
    }

    @Test
    void tellsNeitherAddressNorSecret() {
        assertEquals("first", first.toString());
    }
}
