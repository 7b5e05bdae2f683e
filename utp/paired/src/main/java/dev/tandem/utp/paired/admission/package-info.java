/** The first message of each side inside TLS ({@code LINK.md}, section 5). */
@NullMarked
package dev.tandem.utp.paired.admission;

import org.jspecify.annotations.NullMarked;
