/** Packets as they are on the wire. */
@NullMarked
package dev.tandem.utp.protocol.wire;

import org.jspecify.annotations.NullMarked;
