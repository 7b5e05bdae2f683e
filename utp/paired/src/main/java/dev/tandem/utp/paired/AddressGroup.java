package dev.tandem.utp.paired;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What counts as one address for a bound: an IPv4 address, or an IPv6 network of 64 bits, from which any host can take as many addresses
 * as it likes. An IPv4 address within an IPv6 one (mapped, or translated by RFC 6052's well-known prefix) is that IPv4 address: otherwise the first
 * would count twice, and all of the second as one.
 *
 * @param ipv4 which of the two
 * @param bits the address or the network, right-aligned
 */
record AddressGroup(boolean ipv4, long bits) {
    private static final long MAPPED = 0xffffL;
    private static final long TRANSLATED_HIGH = 0x0064_ff9b_0000_0000L;

    /** Where a channel has no address, which happens when it is gone already. */
    private static final AddressGroup NOWHERE = new AddressGroup(false, 0);

    static AddressGroup of(@Nullable InetSocketAddress from) {
        return from == null || from.getAddress() == null ? NOWHERE : of(from.getAddress());
    }

    static AddressGroup of(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        if (bytes.remaining() == 4) {
            return new AddressGroup(true, bytes.getInt() & 0xffff_ffffL);
        }
        long high = bytes.getLong();
        long low = bytes.getLong();
        boolean mapped = high == 0 && low >>> 32 == MAPPED;
        boolean translated = high == TRANSLATED_HIGH && low >>> 32 == 0;
        return mapped || translated ? new AddressGroup(true, low & 0xffff_ffffL) : new AddressGroup(false, high);
    }

    // A record's own equals and hashCode are linked when they are first called, which takes tens of milliseconds: the
    // first client's.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AddressGroup group && ipv4 == group.ipv4 && bits == group.bits;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(bits);
    }

    /** Not the address. */
    @Override
    public String toString() {
        return "AddressGroup";
    }
}
