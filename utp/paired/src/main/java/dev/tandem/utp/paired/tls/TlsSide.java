package dev.tandem.utp.paired.tls;

import dev.tandem.utp.paired.crypto.LinkKeys;
import org.jspecify.annotations.Nullable;

/** What the channel handler wants from either end. */
interface TlsSide {
    /** What was exported when the handshake completed; null before. */
    @Nullable
    LinkKeys keys();
}
