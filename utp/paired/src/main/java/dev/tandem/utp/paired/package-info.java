/** The link: one session of tor over a TLS and a µTP carrier. Wire format: {@code pt-spec/LINK.md}. */
@NullMarked
package dev.tandem.utp.paired;

import org.jspecify.annotations.NullMarked;
