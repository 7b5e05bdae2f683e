/** Checks of the machine that a proxy runs on, for {@code client-pt doctor} and {@code server-pt doctor}. */
@NullMarked
package dev.tandem.doctor;

import org.jspecify.annotations.NullMarked;
