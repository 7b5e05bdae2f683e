@NullMarked
package dev.tandem.utp.paired;

import org.jspecify.annotations.NullMarked;
