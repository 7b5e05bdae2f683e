/** Looking inside a connection while it runs. */
@NullMarked
package dev.tandem.utp.protocol.trace;

import org.jspecify.annotations.NullMarked;
