package dev.tandem.utp.paired.session;

import static dev.tandem.utp.paired.session.SessionPair.MILLI;
import static dev.tandem.utp.paired.session.SessionPair.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.session.SessionPair.Link;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random faults: whatever the carriers do, each byte comes once and in order, and nothing waits for ever. */
class SessionFaultTest {
    private static final int SEEDS = Integer.getInteger("tandem.seeds", 250);
    private static final int RETAIN = 512 * 1024;
    private static final int RECEIVE = 256 * 1024;

    private static SessionPair pair(long seed) {
        SessionPair pair =
                new SessionPair(seed, CarrierPolicy.AUTO, SessionParameters.DEFAULT.withBuffers(RETAIN, RECEIVE));
        Random random = new Random(~seed);
        pair.delayNanos = (1 + random.nextInt(150)) * MILLI;
        pair.bytesPerSecond = 200_000 + random.nextInt(4_000_000);
        pair.carrierBytes = 8 * 1024 + random.nextInt(120 * 1024);
        pair.client.pauseNanos = random.nextInt(3) == 0 ? random.nextInt(50) * MILLI : 0;
        pair.server.pauseNanos = random.nextInt(3) == 0 ? random.nextInt(50) * MILLI : 0;
        pair.client.toWrite = random.nextInt(3_000_000);
        pair.server.toWrite = random.nextInt(3_000_000);
        return pair;
    }

    private static void assertBounded(SessionPair pair, long seed) {
        String context = "seed " + seed + " " + pair;
        // One write may pass the bound.
        assertTrue(pair.client.maxRetained <= RETAIN + 16 * 1024, context);
        assertTrue(pair.server.maxRetained <= RETAIN + 16 * 1024, context);
        assertTrue(pair.client.maxHeld <= RECEIVE, context);
        assertTrue(pair.server.maxHeld <= RECEIVE, context);
    }

    private static void assertReleased(SessionPair pair, long seed) {
        pair.links.forEach(link -> link.die(0, 0));
        pair.runUntil(pair.nowNanos + SECOND);
        assertEquals(0, pair.allocated(), () -> "bytes not released, seed " + seed + " " + pair);
    }

    /** µTP stalls, resumes, dies, does not come; TLS lives. */
    @Test
    void aSessionWithTlsSurvivesEveryFaultOfUtp() {
        for (long seed = 0; seed < SEEDS; seed++) {
            SessionPair pair = pair(seed);
            Random random = new Random(seed * 31 + 7);
            for (int i = 0; i < 12; i++) {
                pair.at(random.nextInt(20_000) * MILLI, () -> harm(pair, pair.last(CarrierKind.UTP), random));
            }
            run(pair, 900 * SECOND);
            String context = "seed " + seed + " " + pair;
            assertEquals(CloseReason.FINISHED, pair.client.closed, context);
            assertEquals(CloseReason.FINISHED, pair.server.closed, context);
            assertEquals(pair.server.toWrite, pair.client.read, context);
            assertEquals(pair.client.toWrite, pair.server.read, context);
            assertBounded(pair, seed);
            assertReleased(pair, seed);
        }
    }

    /** As before, and TLS dies too at some moment: all comes through, or both sides say that it did not. */
    @Test
    void aSessionEndsCleanlyWhateverDies() {
        int finished = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SessionPair pair = pair(seed);
            Random random = new Random(seed * 17 + 3);
            for (int i = 0; i < 8; i++) {
                pair.at(random.nextInt(10_000) * MILLI, () -> harm(pair, pair.last(CarrierKind.UTP), random));
            }
            pair.at(random.nextInt(5_000) * MILLI, () -> kill(pair.last(CarrierKind.TLS), random));
            // In the end nothing is left stalled: a dead path is a matter of the carrier's own timers.
            pair.at(
                    120 * SECOND,
                    () -> pair.links.stream().filter(link -> !link.dead).forEach(link -> {
                        if (link.fromClient.stalled || link.fromServer.stalled) {
                            link.die(0, 0);
                        }
                    }));
            run(pair, 1200 * SECOND);
            String context = "seed " + seed + " " + pair;
            assertTrue(pair.client.closed != null, context);
            assertTrue(pair.server.closed != null, context);
            if (pair.client.closed == CloseReason.FINISHED) {
                finished++;
                assertEquals(pair.server.toWrite, pair.client.read, context);
                assertEquals(pair.client.toWrite, pair.server.read, context);
            }
            assertBounded(pair, seed);
            assertReleased(pair, seed);
        }
        // Else the test tests nothing: many sessions end on µTP alone, and many do not.
        assertTrue(finished > SEEDS / 10 && finished < SEEDS, "finished " + finished);
    }

    private static void run(SessionPair pair, long nanos) {
        pair.start();
        pair.client.write();
        pair.server.write();
        pair.runUntil(nanos);
    }

    private static void harm(SessionPair pair, @Nullable Link link, Random random) {
        switch (random.nextInt(6)) {
            case 0 -> kill(link, random);
            case 1 -> {
                if (link != null) {
                    link.stall();
                    pair.at(random.nextInt(8000) * MILLI, link::resume);
                }
            }
            case 2 -> {
                if (link != null) {
                    // One direction only: the other side sees nothing of it but silence.
                    (random.nextBoolean() ? link.fromClient : link.fromServer).stalled = true;
                    pair.at(random.nextInt(8000) * MILLI, link::resume);
                }
            }
            case 3 -> {
                pair.utpReachable = false;
                pair.at(random.nextInt(12_000) * MILLI, () -> pair.utpReachable = true);
            }
            case 4 -> {
                if (link != null) {
                    link.stall();
                    pair.at(10_000 * MILLI, () -> link.die(random.nextInt(3000) * MILLI, random.nextInt(3000) * MILLI));
                }
            }
            default -> pair.bytesPerSecond = 20_000 + random.nextInt(2_000_000);
        }
    }

    private static void kill(@Nullable Link link, Random random) {
        if (link != null && !link.dead) {
            link.die(random.nextInt(2000) * MILLI, random.nextInt(2000) * MILLI);
        }
    }
}
