/** Keys of the link and the sealed records of its µTP carrier ({@code LINK.md}, sections 4 and 9). */
@NullMarked
package dev.tandem.utp.paired.crypto;

import org.jspecify.annotations.NullMarked;
