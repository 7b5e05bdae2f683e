/** Bytes in order: written and not yet acknowledged, received and not yet read. */
@NullMarked
package dev.tandem.utp.protocol.stream;

import org.jspecify.annotations.NullMarked;
