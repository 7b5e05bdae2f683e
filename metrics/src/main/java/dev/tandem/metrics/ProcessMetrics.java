package dev.tandem.metrics;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a process shows of itself: what it is, since when, and its memory. */
final class ProcessMetrics {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");

    private ProcessMetrics() {}

    static void register(PrometheusRegistry registry, Program program) {
        Info.builder()
                .name("tandem_build_info")
                .help("The program and what it runs on")
                .labelNames("program", "version", "java")
                .register(registry)
                .setLabelValues(
                        program.name(), program.version(), Runtime.version().toString());
        double started = ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3;
        GaugeWithCallback.builder()
                .name("tandem_start_time_seconds")
                .help("When the process was started, since 1970")
                .callback(callback -> callback.call(started))
                .register(registry);
        List<BufferPoolMXBean> pools = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class);
        GaugeWithCallback.builder()
                .name("tandem_memory_bytes")
                .help(
                        "Memory in use: resident of the whole process; Java's heap and direct buffers; of these, what Netty's"
                                + " allocator holds")
                .labelNames("area")
                .callback(callback -> memory(callback, pools))
                .register(registry);
        GaugeWithCallback.builder()
                .name("tandem_memory_limit_bytes")
                .help("The most that Java's heap may take")
                .labelNames("area")
                .callback(
                        callback -> callback.call((double) Runtime.getRuntime().maxMemory(), "heap"))
                .register(registry);
    }

    private static void memory(GaugeWithCallback.Callback callback, List<BufferPoolMXBean> pools) {
        Runtime runtime = Runtime.getRuntime();
        callback.call((double) (runtime.totalMemory() - runtime.freeMemory()), "heap");
        for (BufferPoolMXBean pool : pools) {
            if (pool.getName().equals("direct")) {
                callback.call((double) pool.getMemoryUsed(), "direct");
            }
        }
        if (ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider provider) {
            ByteBufAllocatorMetric netty = provider.metric();
            callback.call((double) netty.usedHeapMemory(), "netty_heap");
            callback.call((double) netty.usedDirectMemory(), "netty_direct");
        }
        try {
            Matcher resident = RESIDENT.matcher(Files.readString(STATUS));
            if (resident.find()) {
                callback.call(Long.parseLong(resident.group(1)) * 1024.0, "resident");
            }
        } catch (IOException e) {
            // This system has no such file.
        }
    }
}
