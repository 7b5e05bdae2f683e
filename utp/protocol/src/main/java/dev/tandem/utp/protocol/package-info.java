@NullMarked
package dev.tandem.utp.protocol;

import org.jspecify.annotations.NullMarked;
