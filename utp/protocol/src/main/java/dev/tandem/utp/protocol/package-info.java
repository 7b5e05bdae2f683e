/** The µTP engine (BEP 29): an {@link dev.tandem.utp.protocol.Endpoint} for each socket, and its connections. It does no I/O. */
@NullMarked
package dev.tandem.utp.protocol;

import org.jspecify.annotations.NullMarked;
