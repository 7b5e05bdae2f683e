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
    private static final int SEEDS = Integer.getInteger("tandem.seeds", 150);
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

    /**
     * Either carrier, or both, die, fall silent for good, or come late, again and again; dials fail for a while. As long as the
     * network comes back in time, all comes through.
     */
    @Test
    void aSessionSurvivesTheDeathOfEveryCarrier() {
        long resumptions = 0;
        long detached = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SessionPair pair = pair(seed);
            Random random = new Random(seed * 17 + 3);
            boolean[] wasDetached = new boolean[1];
            // Slow enough to be under way still when the harm comes.
            pair.bytesPerSecond = 50_000 + random.nextInt(500_000);
            pair.client.toWrite += 500_000;
            pair.server.toWrite += 500_000;
            for (int i = 0; i < 12; i++) {
                pair.at(random.nextInt(10_000) * MILLI, () -> {
                    harmBoth(pair, random);
                    wasDetached[0] |= pair.client.detached;
                });
            }
            run(pair, 1200 * SECOND);
            String context = "seed " + seed + " " + pair;
            assertComplete(pair, context);
            assertBounded(pair, seed);
            assertReleased(pair, seed);
            resumptions += pair.client.core.stats().resumptions();
            detached += wasDetached[0] ? 1 : 0;
        }
        // Else the test tests nothing.
        assertTrue(resumptions > SEEDS, "resumptions " + resumptions);
        assertTrue(detached > SEEDS / 10, "sessions without a carrier " + detached);
    }

    /** As before, and at some moment the server forgets its sessions: both sides close, and no byte is wrong. */
    @Test
    void aSessionThatTheServerForgetsIsClosedOnBothSides() {
        int unknown = 0;
        for (long seed = 0; seed < SEEDS / 2; seed++) {
            SessionPair pair = pair(seed);
            Random random = new Random(seed * 13 + 5);
            for (int i = 0; i < 6; i++) {
                pair.at(random.nextInt(10_000) * MILLI, () -> harmBoth(pair, random));
            }
            pair.at(random.nextInt(8_000) * MILLI, () -> {
                pair.serverForgot = true;
                pair.links.stream().filter(link -> !link.dead).forEach(link -> link.die(0, 0));
                // The process is gone, and with it all that it would have said.
                pair.server.core.close(CloseReason.SHUT_DOWN, null);
            });
            run(pair, 600 * SECOND);
            String context = "seed " + seed + " " + pair;
            assertTrue(pair.client.closed != null && pair.server.closed != null, context);
            unknown += pair.client.closed == CloseReason.SESSION_UNKNOWN ? 1 : 0;
            assertBounded(pair, seed);
            assertReleased(pair, seed);
        }
        assertTrue(unknown > SEEDS / 4, "learnt it from the server: " + unknown);
    }

    /** Everything came through. The very last ACK may be lost with a server that has gone already. */
    private static void assertComplete(SessionPair pair, String context) {
        assertEquals(pair.server.toWrite, pair.client.read, context);
        assertEquals(pair.client.toWrite, pair.server.read, context);
        assertTrue(pair.client.ended && pair.server.ended, context);
        assertTrue(pair.client.closed == CloseReason.FINISHED || pair.server.closed == CloseReason.FINISHED, context);
        assertTrue(pair.client.closed != null && pair.server.closed != null, context);
    }

    private static void harmBoth(SessionPair pair, Random random) {
        Link tls = pair.last(CarrierKind.TLS);
        Link utp = pair.last(CarrierKind.UTP);
        switch (random.nextInt(9)) {
            case 0 -> kill(tls, random);
            case 1 -> {
                kill(tls, random);
                kill(utp, random);
            }
            case 2 -> vanish(tls);
            case 3 -> vanish(utp);
            case 4 -> {
                vanish(tls);
                vanish(utp);
            }
            case 5 -> {
                // The network is away, and another one when it comes back.
                vanish(tls);
                vanish(utp);
                pair.tlsReachable = false;
                pair.utpReachable = false;
                pair.at(random.nextInt(15_000) * MILLI, () -> {
                    pair.tlsReachable = true;
                    pair.utpReachable = true;
                });
            }
            case 6 -> {
                kill(tls, random);
                pair.tlsRefused = true;
                pair.at(random.nextInt(10_000) * MILLI, () -> pair.tlsRefused = false);
            }
            default -> harm(pair, random.nextBoolean() ? tls : utp, random);
        }
    }

    private static void vanish(@Nullable Link link) {
        if (link != null && !link.dead) {
            link.vanish();
        }
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
