/**
 * A network in virtual time, for tests: delay, jitter, random and bursty loss, reordering, duplication, corruption,
 * a rate with a drop-tail queue, an MTU black hole. It knows payloads and their sizes, nothing of what is in them.
 *
 * <p>{@link dev.tandem.utp.simulation.Link} is one direction of a path and needs nobody else: time is passed in.
 * {@link dev.tandem.utp.simulation.Simulation} is an event loop for tests with several parties;
 * {@link dev.tandem.utp.simulation.Pipe} and {@link dev.tandem.utp.simulation.Bottleneck} put links on it.
 *
 * <p>The same seed and the same calls give the same trace. Nothing here reads a clock or is safe for use by several
 * threads at a time.
 */
@NullMarked
package dev.tandem.utp.simulation;

import org.jspecify.annotations.NullMarked;
