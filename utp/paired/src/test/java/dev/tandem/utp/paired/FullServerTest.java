package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with as many sessions as it may have says so to who has the secret. */
@Timeout(60)
class FullServerTest {
    private static final LinkConfig ONE = LinkConfig.DEFAULT.withLimits(ServerLimits.DEFAULT.withSessions(1, 1));

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    /** What the client has sent already must not make the server's end a reset, which would take the reason away. */
    @Test
    void theReasonArrivesWhateverTheClientHasSentBehindItsProof() throws Exception {
        try (LinkFixture link = new LinkFixture(LinkNetwork.standard(), ONE)) {
            PatternUser server = PatternUser.server(1000);
            link.serverUser = () -> server;
            PatternUser first = new PatternUser(1, 2, 1000, false);
            Session up = link.dial(LinkConfig.DEFAULT, first);
            await(first.ended);
            for (int i = 0; i < 10; i++) {
                PatternUser second = PatternUser.client(1_000_000);
                Session refused = link.dial(LinkConfig.DEFAULT, second);
                assertEquals(CloseReason.OVERLOADED, await(second.closed), "dial " + i);
                assertEquals(CloseReason.OVERLOADED, link.onClient(refused::closeReason));
                assertEquals(Refusal.TOO_MANY, link.nextRefusal());
            }
            assertEquals(10L, link.serverTotals.bounds().snapshot().get(BoundCounters.Bound.SESSIONS));
            Eventually.holds("nothing is left of them", () -> link.onServer(() -> link.server.halfOpenCount() == 0));
            // The one that is there has felt nothing, and makes room by its end.
            link.onClient(() -> {
                up.finish();
                return true;
            });
            assertEquals(CloseReason.FINISHED, await(first.closed));
            assertNull(first.error);
            assertEquals(CloseReason.FINISHED, await(server.closed));
            PatternUser next = PatternUser.server(500);
            link.serverUser = () -> next;
            PatternUser third = PatternUser.client(500);
            link.dial(LinkConfig.DEFAULT, third);
            assertEquals(CloseReason.FINISHED, await(third.closed));
        }
    }
}
