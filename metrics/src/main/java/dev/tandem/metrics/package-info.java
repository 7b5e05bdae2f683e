/** Shows to Prometheus what a proxy counts. Nothing of it is loaded unless it is asked for. */
@NullMarked
package dev.tandem.metrics;

import org.jspecify.annotations.NullMarked;
