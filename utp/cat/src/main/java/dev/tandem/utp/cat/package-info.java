@NullMarked
package dev.tandem.utp.cat;

import org.jspecify.annotations.NullMarked;
