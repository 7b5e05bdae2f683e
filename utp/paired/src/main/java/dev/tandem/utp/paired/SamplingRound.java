package dev.tandem.utp.paired;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Goes round a client's or a server's sessions, a part of them each time, so that many of them do not hold up the loop. */
final class SamplingRound {
    private final Supplier<? extends Collection<LinkSession>> sessions;
    /** Those of this round that are still to come; some of them may be over. */
    private Iterator<LinkSession> rest = List.<LinkSession>of().iterator();

    SamplingRound(Supplier<? extends Collection<LinkSession>> sessions) {
        this.sessions = sessions;
    }

    /** The next ones, at most so many; those that end a round begin none. */
    void sample(int most, Consumer<PathSample> observer) {
        if (!rest.hasNext()) {
            rest = List.copyOf(sessions.get()).iterator();
        }
        for (int left = most; left > 0 && rest.hasNext(); left--) {
            rest.next().sample(observer);
        }
    }
}
