@NullMarked
package dev.tandem.utp.protocol.stream;

import org.jspecify.annotations.NullMarked;
