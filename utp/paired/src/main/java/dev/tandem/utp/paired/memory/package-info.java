/** What a client remembers of networks, beyond one session ({@code LINK.md}, section 13). No I/O, clock or randomness of its own. */
@NullMarked
package dev.tandem.utp.paired.memory;

import org.jspecify.annotations.NullMarked;
