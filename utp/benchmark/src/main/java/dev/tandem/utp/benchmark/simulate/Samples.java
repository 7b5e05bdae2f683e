package dev.tandem.utp.benchmark.simulate;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** Measurements of one quantity. */
final class Samples {
    private double[] values = new double[64];
    private int count;

    void add(double value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, 2 * count);
        }
        values[count++] = value;
    }

    int count() {
        return count;
    }

    double sum() {
        return stream().sum();
    }

    /** The smallest value that this share of all does not exceed (nearest rank); NaN of none. */
    double quantile(double share) {
        if (count == 0) {
            return Double.NaN;
        }
        double[] sorted = stream().sorted().toArray();
        return sorted[Math.max(0, (int) Math.ceil(share * count) - 1)];
    }

    /** Jain's index: 1 if all have the same, {@code 1 / n} if one of {@code n} has all; NaN of none, or of nothing but zeros. */
    double fairness() {
        double squares = stream().map(value -> value * value).sum();
        return sum() * sum() / (count * squares);
    }

    Quantiles quantiles() {
        return new Quantiles(count, quantile(0.5), quantile(0.95), quantile(0.99), quantile(1));
    }

    private DoubleStream stream() {
        return Arrays.stream(values, 0, count);
    }

    /**
     * What is told of a distribution. Values are null where there were no samples.
     *
     * @param samples how many there are
     */
    record Quantiles(int samples, double median, double p95, double p99, double max) {}
}
