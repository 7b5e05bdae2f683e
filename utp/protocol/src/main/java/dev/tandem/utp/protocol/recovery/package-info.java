@NullMarked
package dev.tandem.utp.protocol.recovery;

import org.jspecify.annotations.NullMarked;
