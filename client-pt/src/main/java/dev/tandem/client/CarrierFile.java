package dev.tandem.client;

import dev.tandem.ptspec.ProxyLog;
import dev.tandem.ptspec.StateFolder;
import dev.tandem.utp.paired.CarrierTotals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps {@code carriers.json} in the state folder up to date: what each carrier has carried, for who looks from outside. */
final class CarrierFile implements AutoCloseable {
    private static final String NAME = "carriers.json";
    private static final long PERIOD_MILLIS = 500;

    private final StateFolder folder;
    private final CarrierTotals totals;
    private final ProxyLog log;
    private final ScheduledExecutorService writer;
    private CarrierTotals.@Nullable Snapshot written;
    private boolean failed;

    CarrierFile(StateFolder folder, CarrierTotals totals, ProxyLog log) {
        this.folder = folder;
        this.totals = totals;
        this.log = log;
        this.writer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "carrier-file");
            thread.setDaemon(true);
            return thread;
        });
        writer.scheduleWithFixedDelay(this::update, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void update() {
        CarrierTotals.Snapshot now = totals.snapshot();
        if (now.equals(written) || failed) {
            return;
        }
        try {
            folder.write(NAME, now.toJson().getBytes(StandardCharsets.UTF_8));
            written = now;
        } catch (IOException e) {
            failed = true;
            log.warning("the counters are no longer written: " + e.getMessage());
        }
    }

    /** Writes the last figures. */
    @Override
    public void close() {
        writer.shutdownNow();
        update();
    }
}
