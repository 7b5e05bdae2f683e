package dev.tandem.client.doctor;

import dev.tandem.doctor.Finding;
import dev.tandem.utp.paired.BridgeCert;
import dev.tandem.utp.paired.CloseReason;
import dev.tandem.utp.paired.LinkClient;
import dev.tandem.utp.paired.LinkConfig;
import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.Session;
import dev.tandem.utp.paired.SessionStats;
import dev.tandem.utp.paired.measure.Rate;
import dev.tandem.utp.paired.measure.RateFlow;
import dev.tandem.utp.paired.memory.PathMemory;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Measures the rate in each direction, over a session of its own that leads to nothing behind the bridge. */
final class RateProbe {
    private static final String NOT_MEASURED = "rate and loss: not measured, ";
    /** What of all bytes a carrier must have borne for the rate to be called its own. */
    private static final double NEARLY_ALL = 0.95;

    private final EventLoop loop;
    private final BridgeProbe.Way way;
    private final PathMemory memory;
    private final InetSocketAddress bridge;
    private final BridgeCert cert;
    private final LinkConfig config;

    RateProbe(
            EventLoop loop,
            BridgeProbe.Way way,
            PathMemory memory,
            InetSocketAddress bridge,
            BridgeCert cert,
            LinkConfig config) {
        this.loop = loop;
        this.way = way;
        this.memory = memory;
        this.bridge = bridge;
        this.cert = cert;
        this.config = config;
    }

    /**
     * What came of it.
     *
     * @param load how the carriers fared; null if no bytes went
     */
    record Outcome(Finding rate, @Nullable SessionReport load) {}

    /** What the event loop saw when the last byte had come, or it was known that it would not. */
    private record Measured(RateFlow.Result result, SessionReport load, SessionStats stats) {}

    /**
     * Runs it; on a thread that may wait.
     *
     * @param utp how long to wait for µTP
     * @param settle how long to wait for the session's end
     */
    Outcome run(Duration utp, Duration settle) throws InterruptedException {
        ProbeNetwork network = new ProbeNetwork(way.network());
        LinkClient client = BridgeProbe.newClient(loop, network, memory);
        try {
            return measure(client, network, utp, settle);
        } catch (ExecutionException e) {
            LinkException failure = LinkException.of(e.getCause() == null ? e : e.getCause());
            return new Outcome(
                    Finding.warn(
                            NOT_MEASURED + "a second session failed: " + failure.getMessage(),
                            "The first one came up just before: try again."),
                    null);
        } finally {
            BridgeProbe.close(client);
        }
    }

    private Outcome measure(LinkClient client, ProbeNetwork network, Duration utp, Duration settle)
            throws InterruptedException, ExecutionException {
        Watch watch = new Watch();
        Session session = client.measure(bridge, cert, config, watch).get();
        BridgeProbe.await(watch.admitted(), watch.closed(), BridgeProbe.admissionLimit(config));
        if (!watch.admitted().isDone()) {
            return new Outcome(notAdmitted(watch.closed().getNow(null)), null);
        }
        BridgeProbe.await(watch.paired(), watch.closed(), utp);
        CompletableFuture<Measured> measured = new CompletableFuture<>();
        loop.execute(() -> {
            RateFlow flow = new RateFlow(loop);
            flow.result()
                    .thenAccept(result -> measured.complete(
                            new Measured(result, SessionReport.of(session, network, way.proxied()), session.stats())));
            watch.hand(flow);
            flow.start(session);
        });
        Measured done = measured.get();
        BridgeProbe.await(watch.closed(), watch.closed(), settle);
        loop.execute(() -> session.reset(ResetReason.USER_CLOSED));
        return new Outcome(explain(done.result(), done.stats(), watch.closed().getNow(null)), done.load());
    }

    /** Explains why the bridge, which has taken one session, does not take this one. */
    static Finding notAdmitted(Watch.@Nullable Closed closed) {
        if (closed != null && closed.reason() == CloseReason.OVERLOADED) {
            return Finding.note(
                    NOT_MEASURED + "the bridge has measured for somebody just now",
                    "It does so every half minute, for whoever asks first. Try again in half a minute; if it says the same then, the"
                            + " bridge is full.");
        }
        if (closed != null && closed.reason() == CloseReason.NOT_ADMITTED) {
            return Finding.note(
                    NOT_MEASURED + "the bridge does not do that",
                    "It takes sessions, but not this kind: it is of an older version.");
        }
        return Finding.warn(
                NOT_MEASURED + (closed == null ? "the bridge says nothing" : closed.detail()),
                "The first session came up just before: try again.");
    }

    /**
     * Tells the rates.
     *
     * @param closed how the session ended; null if it goes on
     */
    static Finding explain(RateFlow.Result result, SessionStats stats, Watch.@Nullable Closed closed) {
        String over = ", over " + carriers(stats);
        Rate down = result.down();
        Rate up = result.up();
        if (up != null) {
            return Finding.ok(String.format(
                    Locale.ROOT,
                    "rate: %.1f Mbit/s down, %.1f Mbit/s up%s (%s down, %s up)",
                    down.megabitsPerSecond(),
                    up.megabitsPerSecond(),
                    over,
                    amount(down),
                    amount(up)));
        }
        String partly = down.bytes() == 0
                ? "Nothing had come down."
                : String.format(
                        Locale.ROOT,
                        "Until then %.1f Mbit/s had come down%s (%s).",
                        down.megabitsPerSecond(),
                        over,
                        amount(down));
        return switch (result.end()) {
            case LATE ->
                Finding.warn(
                        "rate: what was to take 6 s was not over in 12",
                        partly + " What is sent waits on the way, or is lost.");
            case MALFORMED ->
                Finding.warn(
                        "rate: the bridge did not measure as it should",
                        partly + " It is of another version, or what it says is not true.");
            case WHOLE, CLOSED ->
                Finding.fail(
                        "rate: the session ended while it was measured: "
                                + (closed == null ? "not known why" : closed.detail()),
                        partly + " A bridge that was stopped meanwhile does that, and a path that breaks under load.");
        };
    }

    private static String amount(Rate rate) {
        return String.format(Locale.ROOT, "%d KiB in %.1f s", rate.bytes() >> 10, rate.nanos() / 1e9);
    }

    private static String carriers(SessionStats stats) {
        double utp = stats.sentUtp() + stats.receivedUtp();
        double all = utp + stats.sentTls() + stats.receivedTls();
        if (utp > NEARLY_ALL * all) {
            return "µTP";
        }
        return utp < (1 - NEARLY_ALL) * all ? "TLS" : "µTP and TLS";
    }
}
