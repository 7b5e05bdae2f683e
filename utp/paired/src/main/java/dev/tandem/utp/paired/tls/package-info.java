/** TLS 1.3 by the low-level API of Bouncy Castle, as one channel handler. */
@NullMarked
package dev.tandem.utp.paired.tls;

import org.jspecify.annotations.NullMarked;
