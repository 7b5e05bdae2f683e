@NullMarked
package dev.tandem.client;

import org.jspecify.annotations.NullMarked;
