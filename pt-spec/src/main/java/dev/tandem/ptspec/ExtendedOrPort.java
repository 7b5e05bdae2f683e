package dev.tandem.ptspec;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * The messages on the Extended ORPort (ext-orport-spec 3): a command and the length of the body, two bytes each in network order, then the
 * body.
 */
public final class ExtendedOrPort {
    /** The authentication type {@code SAFE_COOKIE} (ext-orport-spec 2.1). */
    public static final int AUTH_SAFE_COOKIE = 1;

    /** Ends the list of authentication types; sent back by a client that likes none of them. */
    public static final int AUTH_NONE = 0;

    /** The status of a successful authentication. */
    public static final int STATUS_OK = 1;

    /** Length of a message without its body. */
    public static final int HEADER_BYTES = 4;

    /** To tor: nothing more to say; payload follows as soon as tor agrees. */
    public static final int DONE = 0x0000;

    /** To tor: the client's address. */
    public static final int USERADDR = 0x0001;

    /** To tor: the transport's name. */
    public static final int TRANSPORT = 0x0002;

    /** From tor: send payload. */
    public static final int OKAY = 0x1000;

    /** From tor: it does not want this client now. */
    public static final int DENY = 0x1001;

    /** From tor: reserved, to be ignored like any unknown command. */
    public static final int CONTROL = 0x1002;

    private static final int MAX_BODY_BYTES = 0xffff;

    private ExtendedOrPort() {}

    /**
     * One message.
     *
     * @param command 0 to 0xffff
     * @param body at most 65535 bytes
     */
    public static byte[] message(int command, byte[] body) {
        if (command < 0 || command > 0xffff || body.length > MAX_BODY_BYTES) {
            throw new IllegalArgumentException("command or length does not fit into two bytes");
        }
        byte[] message = new byte[HEADER_BYTES + body.length];
        message[0] = (byte) (command >> 8);
        message[1] = (byte) command;
        message[2] = (byte) (body.length >> 8);
        message[3] = (byte) body.length;
        System.arraycopy(body, 0, message, HEADER_BYTES, body.length);
        return message;
    }

    /**
     * {@code USERADDR} (ext-orport-spec 3.2.1): {@code 192.0.2.1:5678} or {@code [2001:db8::1]:5678}. An IPv6 zone is left out.
     *
     * @throws IllegalArgumentException if the address is unresolved or the port is 0: tor closes the connection for either
     */
    public static byte[] userAddr(InetSocketAddress client) {
        if (client.getPort() == 0) {
            throw new IllegalArgumentException("port 0");
        }
        return message(USERADDR, IpAddresses.format(client).getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * {@code TRANSPORT} (ext-orport-spec 3.2.2).
     *
     * @throws IllegalArgumentException if it is no transport name: tor closes the connection for it
     */
    public static byte[] transport(String name) {
        return message(TRANSPORT, TransportNames.requireValid(name).getBytes(StandardCharsets.US_ASCII));
    }

    /** All that we say about a client's connection: {@code USERADDR}, {@code TRANSPORT} and {@code DONE}. */
    public static byte[] introduction(InetSocketAddress client, String transport) {
        return concat(userAddr(client), transport(transport), message(DONE, new byte[0]));
    }

    /**
     * The same about a connection that came by no transport, but through the same port: {@code USERADDR} and {@code DONE}. Either message may be left
     * out (ext-orport-spec 3.2).
     */
    public static byte[] introduction(InetSocketAddress client) {
        return concat(userAddr(client), message(DONE, new byte[0]));
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            messages.writeBytes(part);
        }
        return messages.toByteArray();
    }
}
