package dev.tandem.metrics;

import dev.tandem.utp.paired.CarrierKind;
import dev.tandem.utp.paired.LinkView;
import dev.tandem.utp.paired.LinkView.Population;
import dev.tandem.utp.paired.PathSample;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a proxy's sessions twice a second on their event loop, at some of them if there are many, and how late the loop has
 * come to it.
 */
final class PathSampler {
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    /** So many take less than a tenth of a millisecond. */
    private static final int SESSIONS = 128;

    private static final double[] PATH_SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    };
    private static final double[] LAG_SECONDS = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};

    private final EventLoop loop;
    private final LinkView view;
    private final DistributionDataPoint tlsRtt;
    private final DistributionDataPoint utpRtt;
    private final DistributionDataPoint queueing;
    private final DistributionDataPoint lag;
    private volatile Population population = new Population(0, 0, 0, 0, 0, 0, 0);
    private volatile boolean stopped;
    private @Nullable Future<?> timer;

    PathSampler(EventLoop loop, LinkView view, PrometheusRegistry registry) {
        this.loop = loop;
        this.view = view;
        Histogram rtt = histogram(
                        "tandem_rtt_seconds",
                        "Round-trip times of the sessions' carriers, sampled twice a second",
                        PATH_SECONDS)
                .labelNames("carrier")
                .register(registry);
        tlsRtt = rtt.labelValues(Labels.of(CarrierKind.TLS));
        utpRtt = rtt.labelValues(Labels.of(CarrierKind.UTP));
        queueing = histogram(
                        "tandem_queueing_delay_seconds",
                        "Delay above the least on the way to the peer, of the µTP carriers, sampled twice a second",
                        PATH_SECONDS)
                .register(registry);
        lag = histogram(
                        "tandem_event_loop_lag_seconds",
                        "How late the event loop comes to what is due, sampled twice a second",
                        LAG_SECONDS)
                .register(registry);
    }

    private static Histogram.Builder histogram(String name, String help, double... bounds) {
        return Histogram.builder().name(name).help(help).classicOnly().classicUpperBounds(bounds);
    }

    void start() {
        loop.execute(() -> sample(now()));
    }

    private long now() {
        return loop.ticker().nanoTime();
    }

    private void sample(long dueNanos) {
        if (stopped) {
            return;
        }
        lag.observe(seconds(Math.max(0, now() - dueNanos)));
        population = view.population();
        view.sample(SESSIONS, this::observe);
        long next = now() + PERIOD_NANOS;
        timer = loop.schedule(() -> sample(next), PERIOD_NANOS, TimeUnit.NANOSECONDS);
    }

    private void observe(PathSample sample) {
        if (sample.rttMicros() > 0) {
            (sample.carrier() == CarrierKind.TLS ? tlsRtt : utpRtt).observe(sample.rttMicros() / 1e6);
            if (sample.queueingDelayMicros() != PathSample.UNMEASURED) {
                queueing.observe(sample.queueingDelayMicros() / 1e6);
            }
        }
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    /** As it was half a second ago at most. Any thread. */
    Population population() {
        return population;
    }

    /** Any thread; the loop may have ended already. */
    void stop() {
        stopped = true;
        if (!loop.isShuttingDown()) {
            loop.execute(() -> {
                if (timer != null) {
                    timer.cancel(false);
                }
            });
        }
    }
}
