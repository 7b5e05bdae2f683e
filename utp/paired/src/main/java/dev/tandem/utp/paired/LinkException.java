package dev.tandem.utp.paired;

import io.netty.channel.ConnectTimeoutException;
import java.io.IOException;
import java.io.Serial;
import java.net.BindException;
import java.net.NoRouteToHostException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Why a session could not be set up. The text is a single line without addresses or secrets. */
public final class LinkException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** The closed set of reasons. */
    public enum Reason {
        /** The bridge's machine refused the TCP connection. */
        REFUSED("connection refused"),
        /** The connection was reset before the set-up was complete. */
        RESET("connection reset during the set-up"),
        /** TCP did not connect, or the bridge fell silent during the TLS handshake, until the deadline. */
        TIMEOUT("no answer in time"),
        /** No route to the bridge's network, or the address family is not to be had here. */
        NETWORK_UNREACHABLE("network unreachable"),
        /** No route to the bridge's machine. */
        HOST_UNREACHABLE("host unreachable"),
        /** TLS works, but the certificate is not the one that {@code cert=} pins. */
        WRONG_PIN("the server's certificate is not the one that cert= names; is the clock right?"),
        /** What answers does not speak our TLS 1.3. */
        NOT_OUR_SERVER("what answers there is not a bridge of this transport"),
        /** Client: what the connection was to go through does not let it through. */
        PROXY("no way through the upstream proxy"),
        /** The outbound bind address could not be used. */
        BIND_FAILED("the local address cannot be bound"),
        /** The client was closed, or the dial cancelled. */
        CANCELLED("cancelled"),
        /** Anything else; the cause tells. */
        FAILED("failed");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        /** Single-line text for a log. */
        public String text() {
            return text;
        }
    }

    private final Reason reason;
    private final @Nullable String otherPin;

    public LinkException(Reason reason) {
        this(reason, reason.text(), null);
    }

    /** The detail must be a single line without addresses. */
    public LinkException(Reason reason, String detail) {
        this(reason, reason.text() + ": " + detail, null);
    }

    private LinkException(Reason reason, String message, @Nullable String otherPin) {
        super(message);
        this.reason = reason;
        this.otherPin = otherPin;
    }

    /** Another key answered than the pinned one. */
    static LinkException wrongPin(@Nullable String otherPin) {
        return new LinkException(Reason.WRONG_PIN, Reason.WRONG_PIN.text(), otherPin);
    }

    /** What a failed connection attempt means, without the address that its text holds. */
    public static LinkException of(Throwable cause) {
        if (cause instanceof LinkException known) {
            return known;
        }
        // Java tells these apart by text alone, and the native transport by one class.
        String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        if (cause instanceof ConnectTimeoutException || text.contains("timed out")) {
            return new LinkException(Reason.TIMEOUT);
        }
        if (text.contains("refused")) {
            return new LinkException(Reason.REFUSED);
        }
        // What is written behind a reset breaks the pipe, and which of the two is told first is chance.
        if (text.contains("reset") || text.contains("broken pipe")) {
            return new LinkException(Reason.RESET);
        }
        if (text.contains("network is unreachable") || cause instanceof UnsupportedAddressTypeException) {
            return new LinkException(Reason.NETWORK_UNREACHABLE);
        }
        if (cause instanceof NoRouteToHostException || text.contains("no route") || text.contains("host is")) {
            return new LinkException(Reason.HOST_UNREACHABLE);
        }
        if (cause instanceof BindException || text.contains("cannot assign") || text.contains("bind")) {
            return new LinkException(Reason.BIND_FAILED);
        }
        return new LinkException(Reason.FAILED, cause.getClass().getSimpleName());
    }

    public Reason reason() {
        return reason;
    }

    /** The SHA-256 of the SPKI that answered, in hexadecimal, for {@link Reason#WRONG_PIN}; else null. Not for logs. */
    public @Nullable String otherPin() {
        return otherPin;
    }
}
