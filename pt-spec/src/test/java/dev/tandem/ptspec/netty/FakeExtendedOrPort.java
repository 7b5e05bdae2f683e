package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.SafeCookie;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** tor's side of the Extended ORPort: takes our bytes, gives its own, and insists on the order of things. */
final class FakeExtendedOrPort {
    static final byte[] OKAY = {0x10, 0, 0, 0};

    private final SafeCookie cookie;
    private final byte[] serverNonce = new byte[SafeCookie.NONCE_BYTES];
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private byte[] clientNonce = new byte[0];
    private int step;

    /** What came as USERADDR, TRANSPORT and so on, in order. */
    final StringBuilder commands = new StringBuilder();

    byte[] reply = OKAY;
    boolean authenticated;

    FakeExtendedOrPort(SafeCookie cookie) {
        this.cookie = cookie;
        Arrays.fill(serverNonce, (byte) 0x5a);
    }

    static byte[] hello() {
        return new byte[] {7, 1, 9, 0};
    }

    /** tor's answer to these bytes; empty while it waits for more. */
    byte[] take(byte[] bytes) {
        received.writeBytes(bytes);
        byte[] all = received.toByteArray();
        if (step == 0 && all.length >= 1 + SafeCookie.NONCE_BYTES) {
            require(all[0] == 1, "authentication type");
            clientNonce = Arrays.copyOfRange(all, 1, 1 + SafeCookie.NONCE_BYTES);
            consume(all, 1 + SafeCookie.NONCE_BYTES);
            return concat(cookie.serverHash(clientNonce, serverNonce), serverNonce);
        }
        if (step == 1 && all.length >= SafeCookie.HASH_BYTES) {
            authenticated = Arrays.equals(all, cookie.clientHash(clientNonce, serverNonce));
            consume(all, SafeCookie.HASH_BYTES);
            return new byte[] {(byte) (authenticated ? 1 : 0)};
        }
        if (step == 2) {
            return takeCommands(all);
        }
        return new byte[0];
    }

    private byte[] takeCommands(byte[] all) {
        int at = 0;
        while (all.length - at >= 4) {
            int command = ((all[at] & 0xff) << 8) | (all[at + 1] & 0xff);
            int length = ((all[at + 2] & 0xff) << 8) | (all[at + 3] & 0xff);
            if (all.length - at - 4 < length) {
                break;
            }
            commands.append(command)
                    .append(':')
                    .append(new String(all, at + 4, length, StandardCharsets.US_ASCII))
                    .append('|');
            at += 4 + length;
            if (command == 0) {
                require(at == all.length, "payload before OKAY");
                consume(all, at);
                return reply;
            }
        }
        return new byte[0];
    }

    private void consume(byte[] all, int length) {
        require(all.length == length, "the client ran ahead at step " + step);
        received.reset();
        step++;
    }

    static byte[] concat(byte[] a, byte[] b) {
        byte[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
