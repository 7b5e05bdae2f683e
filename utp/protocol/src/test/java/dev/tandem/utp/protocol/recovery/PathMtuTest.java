package dev.tandem.utp.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PathMtuTest {
    private static final long SECOND = 1_000_000_000L;

    private final PathMtu mtu = PathMtu.search(PathMtu.MAX_BYTES_IPV4);
    private long now = 5 * SECOND;

    private List<Integer> probesUntilNoneIsDue(int largestThatPasses) {
        List<Integer> sizes = new ArrayList<>();
        for (int size; (size = mtu.probeBytes(now)) > 0; ) {
            sizes.add(size);
            mtu.onProbeSent();
            assertEquals(0, mtu.probeBytes(now), "one probe at a time");
            if (size <= largestThatPasses) {
                mtu.onProbeArrived();
            } else {
                mtu.onProbeLost(now);
                now += SECOND;
            }
        }
        return sizes;
    }

    @Test
    void goesUpWhileProbesArrive() {
        assertEquals(1_232, mtu.bytes());
        assertEquals(List.of(1_392, 1_402, 1_452, 1_464, 1_472), probesUntilNoneIsDue(1_472));
        assertEquals(1_472, mtu.bytes());
    }

    @Test
    void staysWithinTheBound() {
        PathMtu ipv6 = PathMtu.search(PathMtu.MAX_BYTES_IPV6);
        for (int size; (size = ipv6.probeBytes(now)) > 0; ) {
            assertTrue(size <= 1_452);
            ipv6.onProbeSent();
            ipv6.onProbeArrived();
        }
        assertEquals(1_452, ipv6.bytes());
    }

    @Test
    void triesASizeThreeTimesAndAgainAfterTenMinutes() {
        assertEquals(List.of(1_392, 1_402, 1_452, 1_452, 1_452), probesUntilNoneIsDue(1_402));
        assertEquals(1_402, mtu.bytes());
        now += 590 * SECOND;
        assertEquals(0, mtu.probeBytes(now));
        now += 10 * SECOND;
        assertEquals(1_452, mtu.probeBytes(now));
    }

    @Test
    void waitsASecondAfterALostProbe() {
        mtu.onProbeSent();
        mtu.onProbeLost(now);
        assertEquals(0, mtu.probeBytes(now + SECOND - 1));
        assertEquals(1_392, mtu.probeBytes(now + SECOND));
    }

    @Test
    void returnsAtOnceToWhatPassedBeforeAnOutage() {
        probesUntilNoneIsDue(1_464);
        mtu.onBlackHole(now);
        assertEquals(1_232, mtu.bytes());
        assertTrue(mtu.mayFragment(1_464) && !mtu.mayFragment(1_232));
        now += SECOND;
        assertEquals(1_464, mtu.probeBytes(now));
        mtu.onProbeSent();
        mtu.onProbeArrived();
        assertEquals(1_464, mtu.bytes());
        assertFalse(mtu.mayFragment(1_464));
    }

    @Test
    void searchesAnewBelowWhatNoLongerPasses() {
        probesUntilNoneIsDue(1_472);
        mtu.onBlackHole(now);
        now += SECOND;
        assertEquals(List.of(1_472, 1_472, 1_472, 1_392, 1_402, 1_402, 1_402), probesUntilNoneIsDue(1_392));
        assertEquals(1_392, mtu.bytes());
    }

    @Test
    void aLargePacketLostThreeTimesIsABlackHoleUnlessOthersArrive() {
        probesUntilNoneIsDue(1_472);
        mtu.onLargeLost(now, now - SECOND, 2);
        assertEquals(1_472, mtu.bytes());
        mtu.onLargeArrived(now - SECOND + 1);
        mtu.onLargeLost(now, now - SECOND, 3);
        assertEquals(1_472, mtu.bytes(), "one sent later has arrived");
        mtu.onLargeLost(now, now - SECOND + 2, 3);
        assertEquals(1_232, mtu.bytes());
    }

    @Test
    void aFixedSizeIsNeverProbedAndMayBeFragmented() {
        PathMtu fixed = PathMtu.fixed(1_402);
        assertEquals(0, fixed.probeBytes(now));
        fixed.onBlackHole(now);
        assertEquals(1_402, fixed.bytes());
        assertTrue(fixed.mayFragment(1_402));
        assertFalse(fixed.mayFragment(1_232));
    }
}
