package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.BoundCounters.Bound;
import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.session.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All sessions of a server together keep within its memory. */
@Timeout(60)
class ServerMemoryTest {
    private static final LinkConfig TLS_ONLY = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);
    private static final int KIB = 1024;

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    private static LinkConfig memory(long bytes) {
        return TLS_ONLY.withLimits(ServerLimits.DEFAULT.withMemory(bytes));
    }

    /** The launcher's JVM says 247.5 MiB of its 256. */
    @Test
    void theDefaultNumberOfSessionsFitsTheLaunchersHeap() {
        MemoryBudget budget = new MemoryBudget((247L << 20) / 2);
        for (int i = 0; i < ServerLimits.DEFAULT.sessions(); i++) {
            assertTrue(budget.hasRoomForSession(), "session " + i);
            budget.sessionOpened();
        }
        long inUse = ServerLimits.DEFAULT.sessions() * 16L * KIB;
        assertTrue(budget.usedBytes() + inUse <= (247L << 20) / 2, "and when each is in use");
    }

    @Test
    void aSessionForWhichThereIsNoMemoryIsRefused() throws Exception {
        try (LinkFixture link = new LinkFixture(LinkNetwork.standard(), memory(60 * KIB))) {
            PatternUser first = new PatternUser(1, 2, 1000, false);
            Session up = link.dial(TLS_ONLY, first);
            link.dial(TLS_ONLY, new PatternUser(1, 2, 1000, false));
            PatternUser third = PatternUser.client(1000);
            link.dial(TLS_ONLY, third);
            assertEquals(CloseReason.OVERLOADED, await(third.closed));
            assertEquals(Refusal.TOO_MANY, link.nextRefusal());
            assertEquals(1L, link.serverTotals.bounds().snapshot().get(Bound.MEMORY));
            link.onClient(() -> {
                up.finish();
                return true;
            });
            assertEquals(CloseReason.FINISHED, await(first.closed));
            Eventually.holds("it makes room", () -> link.onServer(link.server::sessionCount) == 1);
            PatternUser fourth = PatternUser.client(1000);
            link.dial(TLS_ONLY, fourth);
            assertEquals(CloseReason.FINISHED, await(fourth.closed));
        }
    }

    /** What is behind the server takes nothing: what clients may send all the same is more than there is. */
    @Test
    void theSessionThatHoldsMostMakesRoom() throws Exception {
        long most = 600 * KIB;
        try (LinkFixture link = new LinkFixture(LinkNetwork.standard(), memory(most))) {
            link.serverReads = false;
            PatternUser modest = new PatternUser(1, 2, 2000, false);
            Session small = link.dial(TLS_ONLY, modest);
            List<PatternUser> greedy = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                PatternUser next = PatternUser.client(1_000_000);
                greedy.add(next);
                link.dial(TLS_ONLY, next);
            }
            CompletableFuture<?>[] ends =
                    greedy.stream().map(each -> each.closed).toArray(CompletableFuture[]::new);
            assertEquals(CloseReason.RESET_BY_PEER, await(CompletableFuture.anyOf(ends)));
            for (PatternUser each : greedy) {
                if (each.closed.isDone()) {
                    assertEquals(
                            ResetReason.OVERLOADED,
                            link.onClient(() -> assertNotNullSession(each).peerResetReason()));
                }
            }
            assertTrue(link.onServer(link.server::memoryBytes) <= most);
            assertTrue(link.serverTotals.bounds().snapshot().containsKey(Bound.MEMORY));
            // Who holds little goes on.
            assertNull(link.onClient(small::closeReason));
            link.onServer(() -> {
                link.accepted.get(0).autoRead(true);
                return true;
            });
            link.onClient(() -> {
                small.finish();
                return true;
            });
            assertEquals(CloseReason.FINISHED, await(modest.closed));
        }
    }

    private static Session assertNotNullSession(PatternUser user) {
        Session session = user.session;
        assertNotNull(session);
        return session;
    }
}
