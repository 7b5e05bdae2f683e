package dev.tandem.client;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * Where the client listens without tor, and for what.
 *
 * @param where it stands, for messages
 * @param listen the local address
 * @param bridges whom to ask for a session, in order of preference; at least one
 * @param options before those of the bridges' lines
 */
record Forward(String where, InetSocketAddress listen, List<KnownBridge> bridges, ClientOptions options) {
    /** So many are asked for one connection at most. */
    static final int MAX_BRIDGES = 16;
}
