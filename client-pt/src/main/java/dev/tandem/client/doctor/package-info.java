/** What {@code client-pt doctor} looks at besides the machine: bridge lines, and a bridge that is dialled for the purpose. */
@NullMarked
package dev.tandem.client.doctor;

import org.jspecify.annotations.NullMarked;
