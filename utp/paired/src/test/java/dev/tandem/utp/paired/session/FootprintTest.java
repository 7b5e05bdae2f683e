package dev.tandem.utp.paired.session;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.CarrierPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** What a session costs that has been used and is idle now. */
class FootprintTest {
    private static final int PAIRS = 2000;
    private static final long MOST_BYTES = 4096;

    private static long used() {
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void anIdleSessionIsSmall() {
        // One pair first, so that classes are not counted.
        SessionPair warm = idle();
        long before = used();
        List<SessionPair> pairs = new ArrayList<>();
        for (int i = 0; i < PAIRS; i++) {
            pairs.add(idle());
        }
        // The test's own share, carriers and users of both sides, is in it.
        long each = (used() - before) / (2 * PAIRS);
        Logger.getLogger("figures").info("an idle session with its modelled carriers: " + each + " bytes");
        assertTrue(each < MOST_BYTES, each + " bytes");
        assertTrue(warm.allocated() + pairs.get(0).allocated() == 0);
    }

    private static SessionPair idle() {
        SessionPair pair = new SessionPair(1, CarrierPolicy.AUTO, SessionParameters.DEFAULT);
        pair.client.finishWhenWritten = false;
        pair.server.finishWhenWritten = false;
        pair.client.toWrite = 50_000;
        pair.server.toWrite = 50_000;
        pair.start();
        pair.client.write();
        pair.server.write();
        pair.runUntil(SessionPair.SECOND);
        return pair;
    }
}
