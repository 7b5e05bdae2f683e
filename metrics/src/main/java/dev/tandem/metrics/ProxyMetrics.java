package dev.tandem.metrics;

import dev.tandem.utp.paired.CarrierTotals;
import dev.tandem.utp.paired.LinkView;
import io.netty.channel.EventLoop;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/**
 * Shows a proxy's metrics, in Prometheus' text format, at {@code /metrics} of an address, as long as it is open. There is no
 * address, no identifier of a session and no label of unbounded values in them.
 */
public final class ProxyMetrics implements AutoCloseable {
    private static final long CONNECTION_MILLIS = TimeUnit.SECONDS.toMillis(10);

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final PrometheusTextFormatWriter writer =
            PrometheusTextFormatWriter.builder().build();
    private final PathSampler sampler;
    private final MetricsListener listener =
            new MetricsListener(CONNECTION_MILLIS, PrometheusTextFormatWriter.CONTENT_TYPE, this::text);

    private ProxyMetrics(Program program, EventLoop loop, CarrierTotals totals, LinkView view) {
        this.sampler = new PathSampler(loop, view, registry);
        ProcessMetrics.register(registry, program);
        LinkMetrics.register(registry, program.client(), totals, sampler::population);
    }

    /**
     * Begins to show them. Not before tor has been told that the proxy is ready: it loads some hundred classes.
     *
     * @param loop the proxy's, of which the view is
     * @throws IOException if the address cannot be had, with a single line
     */
    public static ProxyMetrics show(
            MetricsAddress address, Program program, EventLoop loop, CarrierTotals totals, LinkView view)
            throws IOException {
        ProxyMetrics metrics = new ProxyMetrics(program, loop, totals, view);
        try {
            metrics.listener.listen(address);
        } catch (IOException e) {
            metrics.close();
            throw new IOException("metrics: " + e.getMessage(), e);
        }
        metrics.sampler.start();
        return metrics;
    }

    /** On the listener's thread. */
    private byte[] text() {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try {
            writer.write(text, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toByteArray();
    }

    /** Where it listens on; 0 for a Unix socket. */
    int port() {
        return listener.port();
    }

    /** Stops showing them. */
    @Override
    public void close() {
        sampler.stop();
        listener.close();
    }
}
