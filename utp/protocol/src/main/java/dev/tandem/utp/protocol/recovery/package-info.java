/** What was sent, what of it arrived, and what is to be sent again. */
@NullMarked
package dev.tandem.utp.protocol.recovery;

import org.jspecify.annotations.NullMarked;
