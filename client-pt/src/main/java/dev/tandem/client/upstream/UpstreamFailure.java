package dev.tandem.client.upstream;

import dev.tandem.utp.paired.LinkException;
import dev.tandem.utp.paired.LinkException.Reason;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What it means that there is no way through the proxy, without the addresses that Netty's texts hold. */
final class UpstreamFailure {
    private static final String SAYS_PROXY = "says the upstream proxy";

    /** Netty tells these apart by text alone. */
    private static final Pattern STATUS = Pattern.compile("(uthStatus|status|authMethod): (\\w+)[^,]*$");

    private UpstreamFailure() {}

    /** The proxy was not reached. */
    static LinkException ofTcp(Throwable cause) {
        LinkException what = LinkException.of(cause);
        // A local address that cannot be bound is no fault of the proxy's.
        return what.reason() == Reason.BIND_FAILED
                ? what
                : new LinkException(Reason.PROXY, "it cannot be reached: " + what.getMessage());
    }

    /** It took too long. */
    static LinkException late() {
        return new LinkException(Reason.TIMEOUT, "from the upstream proxy");
    }

    /** The proxy was reached, and said no or something else. */
    static LinkException of(Throwable cause) {
        String text = String.valueOf(cause.getMessage());
        if (text.endsWith("disconnected")) {
            return new LinkException(Reason.PROXY, "it closed the connection");
        }
        Matcher status = STATUS.matcher(text);
        if (!status.find()) {
            return new LinkException(Reason.PROXY, "it does not speak the protocol that it is named with");
        }
        return switch (status.group(1)) {
            case "uthStatus" -> refusedLogin();
            case "authMethod" -> new LinkException(Reason.PROXY, "it wants to be logged in to in another way");
            default -> ofStatus(status.group(2));
        };
    }

    private static LinkException ofStatus(String status) {
        return switch (status) {
            case "CONNECTION_REFUSED" -> new LinkException(Reason.REFUSED, SAYS_PROXY);
            case "NETWORK_UNREACHABLE" -> new LinkException(Reason.NETWORK_UNREACHABLE, SAYS_PROXY);
            case "HOST_UNREACHABLE" -> new LinkException(Reason.HOST_UNREACHABLE, SAYS_PROXY);
            case "TTL_EXPIRED", "504" -> new LinkException(Reason.TIMEOUT, SAYS_PROXY);
            case "FORBIDDEN", "403" -> new LinkException(Reason.PROXY, "its rules do not allow it");
            case "ADDRESS_UNSUPPORTED" -> new LinkException(Reason.PROXY, "it does not take addresses of this kind");
            case "407", "IDENTD_UNREACHABLE", "IDENTD_AUTH_FAILURE" -> refusedLogin();
            default ->
                new LinkException(
                        Reason.PROXY,
                        status.matches("[1-5]\\d\\d") ? "it answers with status " + status : "it refuses to connect");
        };
    }

    private static LinkException refusedLogin() {
        return new LinkException(Reason.PROXY, "it does not accept the user name and password, or that there are none");
    }
}
