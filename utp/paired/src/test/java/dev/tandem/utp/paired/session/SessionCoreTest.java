package dev.tandem.utp.paired.session;

import static dev.tandem.utp.paired.session.SessionPair.MILLI;
import static dev.tandem.utp.paired.session.SessionPair.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Sessions over two carriers that work, stall and die one at a time. */
class SessionCoreTest {
    private static SessionPair pair(CarrierPolicy policy) {
        return new SessionPair(1, policy, SessionParameters.DEFAULT);
    }

    private static void transfer(SessionPair pair, long up, long down) {
        pair.client.toWrite = up;
        pair.server.toWrite = down;
        pair.start();
        pair.client.write();
        pair.server.write();
    }

    private static void assertFinished(SessionPair pair) {
        assertEquals(CloseReason.FINISHED, pair.client.closed, pair::toString);
        assertEquals(CloseReason.FINISHED, pair.server.closed, pair::toString);
        assertEquals(pair.server.toWrite, pair.client.read, pair::toString);
        assertEquals(pair.client.toWrite, pair.server.read, pair::toString);
        pair.links.forEach(link -> link.die(0, 0));
        pair.runUntil(pair.nowNanos + SECOND);
        assertEquals(0, pair.allocated(), "bytes not released");
    }

    @Test
    void tlsAloneCarriesBothDirections() {
        SessionPair pair = pair(CarrierPolicy.TLS);
        transfer(pair, 300_000, 700_000);
        pair.runUntil(10 * SECOND);
        assertFinished(pair);
        assertEquals(0, pair.client.core.stats().sentUtp());
        assertEquals(0, pair.client.core.stats().resent());
    }

    @Test
    void movesToUtpWhenPairedAndSendsNothingTwice() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 2_000_000, 2_000_000);
        pair.runUntil(10 * SECOND);
        assertFinished(pair);
        assertEquals(1, pair.client.core.stats().carrierChanges(), pair::toString);
        assertEquals(0, pair.client.core.stats().resent());
        assertEquals(0, pair.server.core.stats().duplicates());
        assertTrue(pair.client.core.stats().sentUtp() > pair.client.core.stats().sentTls(), pair::toString);
    }

    @Test
    void goesBackToTlsWithinOneAndAHalfSecondsWhenUtpStalls() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 4_000_000, 4_000_000);
        pair.at(600 * MILLI, () -> last(pair).stall());
        pair.utpReachable = true;
        pair.at(601 * MILLI, () -> pair.utpReachable = false);
        pair.runUntil(30 * SECOND);
        assertFinished(pair);
        assertTrue(pair.client.maxGapNanos < 1500 * MILLI, pair::toString);
        assertTrue(pair.server.maxGapNanos < 1500 * MILLI, pair::toString);
    }

    private static SessionPair.Link last(SessionPair pair) {
        return Objects.requireNonNull(pair.last(CarrierKind.UTP));
    }

    @Test
    void usesAStalledConnectionAgainWhenItAnswers() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 20_000_000, 0);
        pair.at(600 * MILLI, () -> last(pair).stall());
        pair.at(2600 * MILLI, () -> last(pair).resume());
        pair.runUntil(5 * SECOND);
        assertEquals(CarrierKind.UTP, pair.client.core.sendingCarrier(), pair::toString);
        assertEquals(1, pair.client.core.stats().pairings(), pair::toString);
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
    }

    @Test
    void pairsAgainWithTheNextNumberWhenUtpDies() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 30_000_000, 0);
        pair.at(SECOND, () -> last(pair).die(0, 500 * MILLI));
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
        assertEquals(2, pair.client.core.stats().pairings(), pair::toString);
        assertEquals(1, last(pair).attempt);
    }

    @Test
    void goesOnOverUtpWhenTlsDies() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 5_000_000, 5_000_000);
        pair.at(SECOND, () -> Objects.requireNonNull(pair.last(CarrierKind.TLS)).die(0, 0));
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
    }

    @Test
    void whatTlsTookBeforeTheChangeIsSentAgainWhenTlsIsSilent() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 5_000_000, 0);
        pair.at(
                50 * MILLI,
                () -> Objects.requireNonNull(pair.last(CarrierKind.TLS)).stall());
        pair.runUntil(60 * SECOND);
        assertEquals(5_000_000, pair.server.read, pair::toString);
        assertTrue(pair.server.ended);
    }

    @Test
    void losingBothClosesBothSidesPromptly() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 50_000_000, 50_000_000);
        pair.at(SECOND, () -> pair.links.forEach(link -> link.die(10 * MILLI, 10 * MILLI)));
        pair.runUntil(SECOND + 20 * MILLI);
        assertEquals(CloseReason.CARRIERS_LOST, pair.client.closed);
        assertEquals(CloseReason.CARRIERS_LOST, pair.server.closed);
        pair.runUntil(2 * SECOND);
        assertEquals(0, pair.allocated());
    }

    @Test
    void forcedUtpWaitsForItAndSendsNothingOnTls() {
        SessionPair pair = pair(CarrierPolicy.UTP);
        transfer(pair, 1_000_000, 1_000_000);
        pair.runUntil(30 * SECOND);
        assertFinished(pair);
        assertEquals(0, pair.client.core.stats().sentTls());
        assertEquals(0, pair.server.core.stats().sentTls());
    }

    @Test
    void forcedUtpFailsInTimeWhenItNeverComes() {
        SessionPair pair = pair(CarrierPolicy.UTP);
        pair.utpReachable = false;
        transfer(pair, 1_000_000, 0);
        pair.runUntil(11 * SECOND);
        assertEquals(CloseReason.UTP_UNAVAILABLE, pair.client.closed);
        assertTrue(pair.server.closed != null, pair::toString);
        assertEquals(0, pair.allocated());
    }

    @Test
    void aPausedReaderBoundsBothSidesAndCostsNoCarrierChange() {
        SessionPair pair =
                new SessionPair(1, CarrierPolicy.AUTO, SessionParameters.DEFAULT.withBuffers(256 * 1024, 128 * 1024));
        pair.client.pauseNanos = 200 * MILLI;
        transfer(pair, 0, 3_000_000);
        pair.runUntil(300 * SECOND);
        assertFinished(pair);
        assertTrue(pair.client.maxHeld <= 128 * 1024, pair::toString);
        assertTrue(pair.server.maxRetained <= 256 * 1024 + 16 * 1024, pair::toString);
        assertEquals(1, pair.server.core.stats().carrierChanges(), pair::toString);
    }

    @Test
    void eachDirectionEndsByItself() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.server.finishWhenWritten = false;
        transfer(pair, 1000, 1000);
        pair.runUntil(2 * SECOND);
        assertTrue(pair.server.ended);
        assertTrue(!pair.client.ended);
        assertEquals(null, pair.client.closed);
        pair.server.toWrite = 5000;
        pair.server.finishWhenWritten = true;
        pair.server.write();
        pair.runUntil(4 * SECOND);
        assertFinished(pair);
    }

    @Test
    void anIdleSessionHoldsNoBuffersAndSetsNoTimer() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.client.finishWhenWritten = false;
        pair.server.finishWhenWritten = false;
        transfer(pair, 100_000, 100_000);
        pair.runUntil(5 * SECOND);
        assertEquals(0, pair.allocated());
        assertEquals(SessionCore.NEVER, pair.client.core.deadlineNanos());
        assertEquals(SessionCore.NEVER, pair.server.core.deadlineNanos());
    }
}
