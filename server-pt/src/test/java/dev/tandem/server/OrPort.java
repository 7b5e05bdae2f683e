package dev.tandem.server;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** tor's ORPort, plain or extended, which sends back what comes. It serves one connection after the other. */
final class OrPort implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final byte @Nullable [] cookie;
    final BlockingQueue<String> introductions = new LinkedBlockingQueue<>();

    /** @param cookie the 32 random bytes of the cookie, or null for a plain ORPort */
    OrPort(byte @Nullable [] cookie) throws IOException {
        this.cookie = cookie;
        Thread thread = new Thread(this::serve, "or-port");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    static byte[] cookieFile(byte[] secret) {
        byte[] head = "! Extended ORPort Auth Cookie !\n".getBytes(StandardCharsets.US_ASCII);
        byte[] file = Arrays.copyOf(head, head.length + secret.length);
        System.arraycopy(secret, 0, file, head.length, secret.length);
        return file;
    }

    private void serve() {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                DataInputStream in = new DataInputStream(socket.getInputStream());
                OutputStream out = socket.getOutputStream();
                if (cookie == null || introduce(in, out, cookie)) {
                    in.transferTo(out);
                    socket.shutdownOutput();
                }
            } catch (IOException e) {
                // the proxy hung up, or the test is over
            }
        }
    }

    /** ext-orport-spec, written down once more from the other side. */
    private boolean introduce(DataInputStream in, OutputStream out, byte[] key) throws IOException {
        out.write(new byte[] {1, 0});
        if (in.readByte() != 1) {
            return false;
        }
        byte[] clientNonce = in.readNBytes(32);
        byte[] serverNonce = new byte[32];
        out.write(hash(key, "server-to-client", clientNonce, serverNonce));
        out.write(serverNonce);
        boolean known =
                MessageDigest.isEqual(hash(key, "client-to-server", clientNonce, serverNonce), in.readNBytes(32));
        out.write(known ? 1 : 0);
        while (known) {
            int command = in.readUnsignedShort();
            byte[] body = in.readNBytes(in.readUnsignedShort());
            introductions.add(command + " " + new String(body, StandardCharsets.US_ASCII));
            if (command == 0) {
                out.write(new byte[] {0x10, 0, 0, 0});
                return true;
            }
        }
        return false;
    }

    private static byte[] hash(byte[] key, String direction, byte[] clientNonce, byte[] serverNonce)
            throws IOException {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(("ExtORPort authentication " + direction + " hash").getBytes(StandardCharsets.US_ASCII));
            mac.update(clientNonce);
            return mac.doFinal(serverNonce);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    String introduction() throws InterruptedException {
        return String.valueOf(introductions.poll(20, TimeUnit.SECONDS));
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
