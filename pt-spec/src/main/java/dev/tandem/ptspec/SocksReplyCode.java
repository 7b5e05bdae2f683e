package dev.tandem.ptspec;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;

/** How a SOCKS5 server answers a request (RFC 1928 section 6). tor writes each in words into its log. */
public enum SocksReplyCode {
    /** Succeeded: the far side is ready for payload. */
    SUCCEEDED(0),
    /** Any other failure. */
    GENERAL_FAILURE(1),
    /** We do not want to. */
    NOT_ALLOWED(2),
    /** No route to the far side's network. */
    NETWORK_UNREACHABLE(3),
    /** No route to the far side. */
    HOST_UNREACHABLE(4),
    /** The far side refused or reset the connection. */
    CONNECTION_REFUSED(5),
    /** The far side did not answer in time; RFC 1928 calls it "TTL expired". */
    TTL_EXPIRED(6),
    /** A request other than CONNECT. */
    COMMAND_NOT_SUPPORTED(7),
    /** An address that is neither IPv4 nor IPv6. */
    ADDRESS_TYPE_NOT_SUPPORTED(8);

    /** Bounds a chain of causes that might be a ring. */
    private static final int MAX_CAUSES = 8;

    private final int code;

    SocksReplyCode(int code) {
        this.code = code;
    }

    /** The byte on the wire, 0 to 8. */
    public int code() {
        return code;
    }

    /**
     * The reply for a connection that could not be made: the first failure or cause that says more than "failed" decides.
     *
     * <p>Java has classes for some errno values only, and NIO and epoll disagree about which, so the system's text is looked at
     * first.
     */
    public static SocksReplyCode of(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++, cause = cause.getCause()) {
            SocksReplyCode code = ofOne(cause);
            if (code != GENERAL_FAILURE) {
                return code;
            }
        }
        return GENERAL_FAILURE;
    }

    private static SocksReplyCode ofOne(Throwable failure) {
        String text = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (failure instanceof UnsupportedAddressTypeException || text.contains("address family not supported")) {
            return ADDRESS_TYPE_NOT_SUPPORTED;
        }
        if (text.contains("network is unreachable")) {
            return NETWORK_UNREACHABLE;
        }
        if (failure instanceof NoRouteToHostException
                || failure instanceof UnknownHostException
                || failure instanceof UnresolvedAddressException
                || text.contains("no route to host")) {
            return HOST_UNREACHABLE;
        }
        if (failure instanceof SocketTimeoutException
                || failure instanceof TimeoutException
                || text.contains("timed out")) {
            return TTL_EXPIRED;
        }
        if (failure instanceof ConnectException
                || text.contains("connection refused")
                || text.contains("connection reset")) {
            return CONNECTION_REFUSED;
        }
        return GENERAL_FAILURE;
    }
}
