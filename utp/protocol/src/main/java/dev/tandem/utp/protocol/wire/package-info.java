@NullMarked
package dev.tandem.utp.protocol.wire;

import org.jspecify.annotations.NullMarked;
