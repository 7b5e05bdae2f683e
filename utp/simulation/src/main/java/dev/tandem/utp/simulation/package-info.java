@NullMarked
package dev.tandem.utp.simulation;

import org.jspecify.annotations.NullMarked;
