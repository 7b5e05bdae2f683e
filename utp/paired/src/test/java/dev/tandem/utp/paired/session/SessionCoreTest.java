package dev.tandem.utp.paired.session;

import static dev.tandem.utp.paired.session.SessionPair.MILLI;
import static dev.tandem.utp.paired.session.SessionPair.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import io.netty.buffer.ByteBuf;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** Who downloads sends little, and hears of the silence from the other side. */
    @Test
    void utpThatTheServerGivesUpForSilenceIsDialledAgainAtOnce() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 0, 30_000_000);
        pair.at(SECOND, () -> last(pair).stall());
        // Left after a second, and given up five seconds later.
        pair.runUntil(7600 * MILLI);
        assertEquals(2, pair.client.core.stats().pairings(), pair::toString);
        assertEquals(CarrierKind.UTP, pair.server.core.sendingCarrier(), pair::toString);
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
    }

    /** The reset of the connection may come before the news why. */
    @Test
    void utpThatIsResetForSilenceIsDialledAgainAtOnce() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 0, 30_000_000);
        SessionPair.Link old = giveUp(pair, link -> link.fromServer);
        pair.client.core.handleClosed(old.fromClient, "reset", pair.nowNanos);
        assertPairedAgain(pair);
    }

    /** The news that the other side gave the old connection up too is none of the new one, which is under way. */
    @Test
    void aDropThatCrossesTheNextDialDoesNotHinderIt() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 30_000_000, 0);
        SessionPair.Link old = giveUp(pair, link -> link.fromClient);
        ByteBuf drop = pair.allocator.heapBuffer();
        Frames.writeDrop(drop, old.attempt);
        Carrier tls = Objects.requireNonNull(pair.last(CarrierKind.TLS)).fromClient;
        pair.client.core.handleBytes(tls, drop, pair.nowNanos);
        drop.release();
        assertPairedAgain(pair);
    }

    /** Silences µTP, and runs until that side gives the connection up. */
    private static SessionPair.Link giveUp(SessionPair pair, Function<SessionPair.Link, SessionPair.End> side) {
        pair.runUntil(SECOND);
        SessionPair.Link link = last(pair);
        link.stall();
        while (!side.apply(link).closed) {
            pair.runUntil(pair.nowNanos + MILLI);
        }
        return link;
    }

    private static void assertPairedAgain(SessionPair pair) {
        pair.runUntil(pair.nowNanos + SECOND);
        assertEquals(2, pair.client.core.stats().pairings(), pair::toString);
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
    }

    /** However long UDP was blocked, µTP is there again soon after; and it may be blocked twice. */
    @ParameterizedTest
    @ValueSource(ints = {2, 5, 10, 15, 20, 30})
    void utpIsBackSoonAfterAnOutageOfUdp(int seconds) {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.jitter = 1;
        pair.bytesPerSecond = 100_000;
        transfer(pair, 20_000_000, 0);
        for (int i = 0; i < 2; i++) {
            pair.runUntil(pair.nowNanos + 25 * SECOND);
            assertEquals(CarrierKind.UTP, pair.client.core.sendingCarrier(), pair::toString);
            last(pair).stall();
            pair.utpReachable = false;
            long back = pair.nowNanos + seconds * SECOND;
            pair.at(seconds * SECOND, () -> {
                last(pair).resume();
                pair.utpReachable = true;
            });
            pair.runUntil(back + 10 * SECOND);
            assertEquals(CarrierKind.UTP, pair.client.core.sendingCarrier(), pair::toString);
        }
        pair.runUntil(300 * SECOND);
        assertFinished(pair);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void utpThatNeverComesIsDialledLessAndLessOften(boolean refused) {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.utpReachable = false;
        pair.utpRefused = refused;
        pair.client.finishWhenWritten = false;
        pair.server.finishWhenWritten = false;
        pair.start();
        pair.runUntil(7200 * SECOND);
        List<Long> dials = pair.utpDialNanos;
        assertEquals(SessionParameters.DEFAULT.maxDialFailures(), dials.size(), dials::toString);
        for (int i = 1; i < dials.size(); i++) {
            long pause = dials.get(i) - dials.get(i - 1);
            assertTrue(pause >= 5 * SECOND && pause <= 60 * SECOND, dials::toString);
            assertTrue(pause >= Math.min(60 * SECOND, dials.get(i - 1) / 4), dials::toString);
        }
    }

    /** A path that bears only the first packets costs no stall every other second. */
    @Test
    void utpThatNeverLastsIsDialledLessAndLessOften() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.client.finishWhenWritten = false;
        pair.server.finishWhenWritten = false;
        pair.start();
        for (int i = 0; i < 600; i++) {
            pair.runUntil(pair.nowNanos + SECOND);
            if (!last(pair).dead) {
                last(pair).die(0, 0);
            }
        }
        List<Long> dials = pair.utpDialNanos;
        assertTrue(dials.size() > 10 && dials.size() < 25, dials::toString);
        assertTrue(dials.get(dials.size() - 1) - dials.get(dials.size() - 2) >= 60 * SECOND, dials::toString);
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
    void losingBothIsAPauseOfOneDial() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 5_000_000, 5_000_000);
        pair.at(SECOND, () -> pair.links.forEach(link -> link.die(10 * MILLI, 10 * MILLI)));
        pair.runUntil(SECOND + 20 * MILLI);
        assertTrue(pair.client.detached && pair.server.detached);
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
        assertEquals(1, pair.client.core.stats().resumptions(), pair::toString);
        // TCP, TLS, RESUME, and half of one more until the bytes are there.
        assertTrue(pair.client.maxGapNanos < 250 * MILLI, pair::toString);
        assertTrue(pair.server.maxGapNanos < 300 * MILLI, pair::toString);
        assertTrue(last(pair).attempt > 0, "paired again, with a number of its own");
    }

    @Test
    void anOutageOfFiveSecondsIsOverTwoSecondsAfterIt() {
        for (int outageMillis = 4000; outageMillis <= 7000; outageMillis += 500) {
            int endMillis = 1000 + outageMillis;
            SessionPair pair = pair(CarrierPolicy.AUTO);
            transfer(pair, 1000, 20_000_000);
            pair.at(SECOND, () -> {
                pair.links.forEach(SessionPair.Link::vanish);
                pair.tlsReachable = false;
                pair.utpReachable = false;
            });
            pair.at(endMillis * MILLI, () -> {
                pair.tlsReachable = true;
                pair.utpReachable = true;
            });
            pair.runUntil((endMillis + 2000) * MILLI);
            assertTrue(pair.client.lastReadNanos > endMillis * MILLI, pair::toString);
            // Who downloads is owed nothing, and asks after a second; three seconds without an answer are enough.
            assertTrue(pair.tlsDialNanos.get(0) < 5500 * MILLI, pair::toString);
            pair.runUntil(120 * SECOND);
            assertFinished(pair);
        }
    }

    @Test
    void aResetOfTlsUnderUtpIsNoPauseAndTlsIsBack() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 5_000_000, 5_000_000);
        pair.at(SECOND, () -> lastTls(pair).die(0, 0));
        pair.runUntil(2 * SECOND);
        assertEquals(1, pair.client.core.stats().resumptions(), pair::toString);
        assertTrue(!lastTls(pair).dead);
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
        assertTrue(pair.client.maxGapNanos < 200 * MILLI, pair::toString);
        assertTrue(pair.server.maxGapNanos < 200 * MILLI, pair::toString);
        assertEquals(1, pair.client.core.stats().pairings(), pair::toString);
    }

    private static SessionPair.Link lastTls(SessionPair pair) {
        return Objects.requireNonNull(pair.last(CarrierKind.TLS));
    }

    @Test
    void tlsThatVanishesUnderDataIsReplacedWithinSeconds() {
        SessionPair pair = pair(CarrierPolicy.TLS);
        transfer(pair, 1000, 10_000_000);
        pair.at(SECOND, () -> lastTls(pair).vanish());
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
        assertTrue(pair.client.maxGapNanos < 6 * SECOND, pair::toString);
    }

    @Test
    void tlsThatVanishesIdleIsNoticedByAProbeWithinThirtySeconds() {
        SessionPair pair = pair(CarrierPolicy.TLS);
        pair.client.finishWhenWritten = false;
        transfer(pair, 1000, 1000);
        pair.runUntil(5 * SECOND);
        lastTls(pair).vanish();
        pair.runUntil(36 * SECOND);
        assertEquals(1, pair.client.core.stats().resumptions(), pair::toString);
    }

    @Test
    void tlsThatAnswersAgainIsKept() {
        SessionPair pair = pair(CarrierPolicy.TLS);
        transfer(pair, 1000, 10_000_000);
        pair.at(SECOND, () -> {
            lastTls(pair).stall();
            pair.tlsReachable = false;
        });
        pair.at(8 * SECOND, () -> lastTls(pair).resume());
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
        assertTrue(pair.tlsDials > 0);
        assertEquals(0, pair.client.core.stats().resumptions(), pair::toString);
    }

    @Test
    void nobodyComesBackAndBothSidesCloseInTime() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 50_000_000, 50_000_000);
        pair.at(SECOND, () -> {
            pair.links.forEach(link -> link.die(10 * MILLI, 10 * MILLI));
            pair.tlsReachable = false;
        });
        pair.runUntil(60 * SECOND);
        assertEquals(null, pair.client.closed);
        assertEquals(null, pair.server.closed);
        pair.runUntil(62 * SECOND);
        assertEquals(CloseReason.CARRIERS_LOST, pair.client.closed);
        assertEquals(CloseReason.CARRIERS_LOST, pair.server.closed);
        assertTrue(pair.tlsDials > 5 && pair.tlsDials < 40, "dials " + pair.tlsDials);
        pair.runUntil(70 * SECOND);
        assertEquals(0, pair.allocated());
    }

    @Test
    void aServerThatKnowsNothingEndsTheSessionInOneDial() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        transfer(pair, 50_000_000, 50_000_000);
        pair.at(SECOND, () -> {
            pair.serverForgot = true;
            pair.server.core.close(CloseReason.SHUT_DOWN, null);
            pair.links.forEach(link -> link.die(0, 0));
        });
        pair.runUntil(SECOND + 6 * pair.delayNanos + MILLI);
        assertEquals(CloseReason.SESSION_UNKNOWN, pair.client.closed, pair::toString);
    }

    /** The server finishes, and its last ACK is lost with both carriers. */
    private static SessionPair lastAckLost(long lastBytes) {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.client.finishWhenWritten = false;
        transfer(pair, 100_000, 100_000);
        pair.runUntil(5 * SECOND);
        assertEquals(100_000, pair.server.read, pair::toString);
        assertTrue(pair.client.ended, pair::toString);
        assertEquals(0, pair.client.core.stats().retainedBytes(), pair::toString);
        pair.client.toWrite += lastBytes;
        pair.client.finishWhenWritten = true;
        pair.client.write();
        while (pair.server.closed == null) {
            pair.runUntil(pair.nowNanos + MILLI);
        }
        assertEquals(CloseReason.FINISHED, pair.server.closed);
        pair.links.forEach(link -> link.die(0, 0));
        return pair;
    }

    @Test
    void aServerThatFinishedAndForgotIsANormalEnd() {
        SessionPair pair = lastAckLost(0);
        pair.runUntil(pair.nowNanos + SECOND);
        assertEquals(1, pair.tlsDials, "the server might still wait for the end");
        assertEquals(CloseReason.FINISHED, pair.client.closed, pair::toString);
        assertEquals(0, pair.allocated());
    }

    @Test
    void aServerThatFinishedAndIsGoneIsANormalEnd() {
        SessionPair pair = lastAckLost(0);
        pair.tlsReachable = false;
        pair.runUntil(pair.nowNanos + 70 * SECOND);
        assertEquals(CloseReason.FINISHED, pair.client.closed, pair::toString);
        assertEquals(0, pair.allocated());
    }

    /** Whether the last bytes came nobody can say. */
    @Test
    void bytesWithoutAnAckAreNoNormalEnd() {
        SessionPair pair = lastAckLost(1);
        pair.runUntil(pair.nowNanos + SECOND);
        assertEquals(CloseReason.SESSION_UNKNOWN, pair.client.closed, pair::toString);
    }

    @Test
    void forcedUtpComesBackToo() {
        SessionPair pair = pair(CarrierPolicy.UTP);
        transfer(pair, 5_000_000, 5_000_000);
        pair.at(SECOND, () -> pair.links.forEach(link -> link.die(10 * MILLI, 10 * MILLI)));
        pair.runUntil(60 * SECOND);
        assertFinished(pair);
        assertEquals(0, pair.client.core.stats().sentTls());
    }

    @Test
    void aSessionThatWasNotTakenOnIsNotResumed() {
        SessionPair pair = pair(CarrierPolicy.TLS);
        pair.open(CarrierKind.TLS, 0);
        lastTls(pair).die(0, 0);
        pair.runUntil(SECOND);
        assertEquals(CloseReason.CARRIERS_LOST, pair.client.closed);
        assertEquals(0, pair.tlsDials);
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
    void anIdleSessionHoldsNoBuffersAndAsksNowAndThen() {
        SessionPair pair = pair(CarrierPolicy.AUTO);
        pair.client.finishWhenWritten = false;
        pair.server.finishWhenWritten = false;
        transfer(pair, 100_000, 100_000);
        pair.runUntil(5 * SECOND);
        assertEquals(0, pair.allocated());
        assertTrue(pair.client.core.deadlineNanos() > 20 * SECOND);
        assertTrue(pair.server.core.deadlineNanos() > 60 * SECOND);
    }

    /** A day of idleness behind a NAT that forgets UDP after 30 s and TCP after 120 s. */
    @Test
    void aDayOfIdlenessCostsLittleAndLosesNothing() {
        for (CarrierPolicy policy : CarrierPolicy.values()) {
            SessionPair pair = pair(policy);
            pair.udpMappingNanos = 30 * SECOND;
            pair.tcpMappingNanos = 120 * SECOND;
            pair.client.finishWhenWritten = false;
            pair.server.finishWhenWritten = false;
            transfer(pair, 10_000, 10_000);
            pair.runUntil(5 * SECOND);
            long before = pair.wireBytes;
            pair.runUntil(24 * 3600 * SECOND);
            long keepalive = pair.wireBytes - before;
            Logger.getLogger("figures").info("a day of idleness, " + policy + ": " + keepalive + " bytes");
            assertTrue(keepalive <= 2_000_000, policy + ": " + keepalive + " bytes");
            assertEquals(policy == CarrierPolicy.TLS ? 1 : 2, pair.links.size(), pair::toString);
            pair.client.toWrite = 20_000;
            pair.server.toWrite = 20_000;
            pair.client.finishWhenWritten = true;
            pair.server.finishWhenWritten = true;
            pair.client.write();
            pair.server.write();
            pair.runUntil(pair.nowNanos + 2 * SECOND);
            assertFinished(pair);
        }
    }

    private static List<Long> redials(double jitter) {
        SessionPair pair = pair(CarrierPolicy.TLS);
        pair.jitter = jitter;
        pair.client.finishWhenWritten = false;
        pair.server.finishWhenWritten = false;
        transfer(pair, 1000, 1000);
        pair.runUntil(SECOND);
        pair.tlsRefused = true;
        Objects.requireNonNull(pair.last(CarrierKind.TLS)).die(0, 0);
        pair.runUntil(20 * SECOND);
        return List.copyOf(pair.tlsDialNanos);
    }

    /** Else all clients of a bridge that was restarted would come back in step. */
    @Test
    void redialsOfManyClientsSpread() {
        List<Long> plain = redials(0);
        List<Long> late = redials(1);
        assertTrue(plain.size() > 5 && late.size() > 5, () -> plain + " " + late);
        assertEquals(plain.get(0), late.get(0), "the first comes at once");
        assertEquals(SECOND / 2, plain.get(1) - plain.get(0));
        assertEquals(SECOND * 3 / 4, late.get(1) - late.get(0));
        Set<Long> third = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            third.add(redials(i / 100.0).get(2));
        }
        assertEquals(100, third.size(), "a hundred clients at as many moments");
        assertTrue(late.size() * 2 >= plain.size(), () -> plain + " " + late);
    }
}
