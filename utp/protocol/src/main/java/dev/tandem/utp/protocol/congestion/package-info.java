@NullMarked
package dev.tandem.utp.protocol.congestion;

import org.jspecify.annotations.NullMarked;
