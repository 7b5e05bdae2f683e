package dev.tandem.client;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** tor's side of a SOCKS5 request: arguments as user name, a password of one NUL. */
final class Socks implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 20_000;

    final Socket socket = new Socket();
    final DataInputStream in;

    Socks(InetSocketAddress proxy) throws IOException {
        socket.connect(proxy);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new DataInputStream(socket.getInputStream());
    }

    /** The address in {@code CMETHOD utp socks5 ADDRESS}. */
    static InetSocketAddress proxyOf(String cmethod) {
        String port = cmethod.substring(cmethod.lastIndexOf(':') + 1);
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port));
    }

    /** Asks for a bridge; returns the reply code. */
    int request(InetSocketAddress bridge, String arguments) throws IOException {
        byte[] user = arguments.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {5, 2, 0, 2});
        socket.getOutputStream().write(out.toByteArray());
        if (in.readShort() != 0x0502) {
            throw new IOException("not asked for the arguments");
        }
        out.reset();
        out.write(1);
        out.write(user.length);
        out.writeBytes(user);
        out.writeBytes(new byte[] {1, 0});
        socket.getOutputStream().write(out.toByteArray());
        if (in.readShort() != 0x0100) {
            throw new IOException("arguments refused");
        }
        out.reset();
        out.writeBytes(new byte[] {5, 1, 0, 1});
        out.writeBytes(bridge.getAddress().getAddress());
        out.write(bridge.getPort() >> 8);
        out.write(bridge.getPort());
        socket.getOutputStream().write(out.toByteArray());
        in.readByte();
        int reply = in.readByte();
        in.skipBytes(2 + 4 + 2);
        return reply;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
