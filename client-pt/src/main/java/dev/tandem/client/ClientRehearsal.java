package dev.tandem.client;

import dev.tandem.utp.paired.RehearsalBridge;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * What tor does with the client, done by the client itself: a SOCKS request with a bridge's arguments, and some bytes through the
 * session and back. The archive of classes is made of what that loads; what it lacks, the first dial waits for.
 */
final class ClientRehearsal {
    private static final int PIECE_BYTES = 16 << 10;
    private static final int PIECES = 64;
    private static final int LIMIT_MILLIS = 30_000;

    private ClientRehearsal() {}

    /**
     * Blocks for as long as it takes; each step for up to half a minute.
     *
     * @param socks where the client takes tor's requests
     * @return whether all came back
     */
    static boolean run(InetSocketAddress socks) throws InterruptedException {
        try (RehearsalBridge bridge = new RehearsalBridge();
                Socket socket = new Socket(socks.getAddress(), socks.getPort())) {
            socket.setSoTimeout(LIMIT_MILLIS);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            DataInputStream in = new DataInputStream(socket.getInputStream());
            return request(in, out, bridge) && exchange(in, out);
        } catch (IOException e) {
            return false;
        }
    }

    /** As tor does: all arguments as the user's name, which is long enough for ours, and a password of one NUL (pt-spec 3.5). */
    private static boolean request(DataInputStream in, DataOutputStream out, RehearsalBridge bridge)
            throws IOException {
        byte[] arguments = ("cert=" + bridge.cert().encoded()).getBytes(StandardCharsets.US_ASCII);
        out.write(new byte[] {5, 1, 2});
        boolean asked = in.readShort() == 0x0502;
        out.write(1);
        out.write(arguments.length);
        out.write(arguments);
        out.write(new byte[] {1, 0});
        boolean taken = asked && in.readShort() == 0x0100;
        out.write(new byte[] {5, 1, 0, 1});
        out.write(bridge.address().getAddress().getAddress());
        out.writeShort(bridge.address().getPort());
        // 0x0500: granted. What follows is an address that means nothing.
        boolean granted = taken && in.readShort() == 0x0500;
        in.skipNBytes(2 + 4 + 2);
        return granted;
    }

    private static boolean exchange(DataInputStream in, DataOutputStream out) throws IOException {
        byte[] piece = new byte[PIECE_BYTES];
        for (int i = 0; i < PIECES; i++) {
            out.write(piece);
            in.readFully(piece);
        }
        out.close();
        return true;
    }
}
