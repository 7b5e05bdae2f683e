/**
 * A session, sans I/O: frames, offsets, acknowledgements, and the choice of carrier. No channel, clock, thread or
 * randomness in it; time is a parameter, in nanoseconds from any origin that makes it non-negative, and chance is the host's.
 */
@NullMarked
package dev.tandem.utp.paired.session;

import org.jspecify.annotations.NullMarked;
