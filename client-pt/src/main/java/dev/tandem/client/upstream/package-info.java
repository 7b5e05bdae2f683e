/** The way out through an upstream proxy. */
@NullMarked
package dev.tandem.client.upstream;

import org.jspecify.annotations.NullMarked;
