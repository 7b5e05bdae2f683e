/**
 * Who gets to speak to the server at all: the marker by which it knows its own clients before TLS begins, and what
 * everybody else meets ({@code LINK.md}, section 12). Knows neither sessions nor carriers.
 */
@NullMarked
package dev.tandem.utp.paired.strangers;

import org.jspecify.annotations.NullMarked;
