/**
 * What is measured in Java: micro-benchmarks (JMH), and programs that {@code scripts/bench} runs. The subpackage
 * {@code simulate} measures in virtual time. No other module depends on this one.
 */
@NullMarked
package dev.tandem.utp.benchmark;

import org.jspecify.annotations.NullMarked;
