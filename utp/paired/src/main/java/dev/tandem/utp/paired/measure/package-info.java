/** How fast a path is in each direction, over a session that leads to nothing behind the server ({@code LINK.md}, section 15). */
@NullMarked
package dev.tandem.utp.paired.measure;

import org.jspecify.annotations.NullMarked;
