/** What {@code server-pt doctor} looks at besides the machine: a bridge's torrc, and the servers that it passes people on to. */
@NullMarked
package dev.tandem.server.doctor;

import org.jspecify.annotations.NullMarked;
