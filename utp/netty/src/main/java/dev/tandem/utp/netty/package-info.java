@NullMarked
package dev.tandem.utp.netty;

import org.jspecify.annotations.NullMarked;
