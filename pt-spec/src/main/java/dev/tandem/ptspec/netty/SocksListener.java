package dev.tandem.ptspec.netty;

/** Takes the requests of a {@link SocksServerHandler}. Called on the channel's event loop. */
@FunctionalInterface
public interface SocksListener {
    /**
     * tor asks for a connection. Dial, then answer with {@code reply}; watch {@code reply.channel().closeFuture()} for tor giving up in the meantime.
     *
     * <p>If this throws, the request is rejected.
     */
    void onRequest(SocksRequest request, SocksReply reply);

    /**
     * A connection ended without a request, or its request was refused before it came to {@link #onRequest}.
     *
     * @param reason one line for a log, without addresses and secrets
     */
    default void onFailure(String reason) {}
}
