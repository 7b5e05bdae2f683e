@NullMarked
package dev.tandem.ptspec;

import org.jspecify.annotations.NullMarked;
