package dev.tandem.utp.paired;

import org.jspecify.annotations.Nullable;

/**
 * A kind of change of the carrier that a session sends on.
 *
 * @param from null for none: the first choice, or the first after both carriers were lost
 * @param to null for none
 */
public record CarrierChange(
        @Nullable CarrierKind from, @Nullable CarrierKind to, ChangeCause cause) {}
