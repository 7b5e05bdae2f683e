/**
 * A network in virtual time: what a path does to packets, decided by a seed. It knows payloads only, and no clock; whoever
 * uses it says what time it is, so that thousands of simulated seconds pass in one where little happens.
 */
@NullMarked
package dev.tandem.utp.simulation;

import org.jspecify.annotations.NullMarked;
