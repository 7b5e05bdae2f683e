package dev.tandem.metrics;

/**
 * Which program it is that shows its metrics.
 *
 * @param name as it is started
 * @param version of it
 * @param client whether it dials; else it is dialled
 */
public record Program(String name, String version, boolean client) {}
