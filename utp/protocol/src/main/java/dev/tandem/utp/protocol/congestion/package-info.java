/** Congestion control: how much a connection may have in flight. */
@NullMarked
package dev.tandem.utp.protocol.congestion;

import org.jspecify.annotations.NullMarked;
