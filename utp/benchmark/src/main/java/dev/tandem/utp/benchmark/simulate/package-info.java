/**
 * The link at a scale that one machine cannot run: the session's and the engine's own code, on a network in virtual time, with
 * traffic as tor's. {@link dev.tandem.utp.benchmark.simulate.Simulate} is the program, and says what is modelled and how.
 */
@NullMarked
package dev.tandem.utp.benchmark.simulate;

import org.jspecify.annotations.NullMarked;
