/**
 * The simulator's network model in real time: packets of two TUN devices go through a {@link
 * dev.tandem.utp.simulation.Link} in each direction, so that any program's traffic meets the same path.
 */
@NullMarked
package dev.tandem.utp.emulation;

import org.jspecify.annotations.NullMarked;
