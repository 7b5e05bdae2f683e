package dev.tandem.utp.paired;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A kind of change of the carrier that a session sends on.
 *
 * @param from null for none: the first choice, or the first after both carriers were lost
 * @param to null for none
 */
public record CarrierChange(
        @Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause cause) {
    // A record's own equals and hashCode are linked when they are first called, which takes tens of milliseconds: that
    // is when a session
    // has just changed its carrier.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CarrierChange change && from == change.from && to == change.to && cause == change.cause;
    }

    @Override
    public int hashCode() {
        return Objects.hash(from, to, cause);
    }
}
