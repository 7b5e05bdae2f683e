package dev.tandem.utp.emulation;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Answers commands on a Unix socket, a line for a line, one caller at a time: {@code stats}, {@code forward PATH}, {@code back
 * PATH}, {@code udp block}, {@code udp pass}, {@code tcp block}, {@code tcp pass}, {@code tcp reset}. The answer is a JSON object, {@code ok}, or {@code error: } and a reason.
 */
final class Control {
    private final Direction forward;
    private final Direction back;

    Control(Direction forward, Direction back) {
        this.forward = forward;
        this.back = back;
    }

    /** Serves callers one after the other, without end. */
    void serve(ServerSocketChannel socket) throws IOException {
        while (true) {
            try (SocketChannel caller = socket.accept()) {
                converse(caller);
            }
        }
    }

    private void converse(SocketChannel caller) {
        try (BufferedReader lines = new BufferedReader(Channels.newReader(caller, StandardCharsets.UTF_8))) {
            for (@Nullable String line; (line = lines.readLine()) != null; ) {
                ByteBuffer answer = ByteBuffer.wrap((answer(line) + "\n").getBytes(StandardCharsets.UTF_8));
                while (answer.hasRemaining()) {
                    caller.write(answer);
                }
            }
        } catch (IOException e) {
            // The caller went away; the next may come.
            return;
        }
    }

    String answer(String line) {
        String command = line.strip();
        try {
            if (command.equals("stats")) {
                return "{\"forward\":" + forward.stats() + ",\"back\":" + back.stats() + "}";
            } else if (command.startsWith("forward ")) {
                forward.change(PathSpec.parse(command.substring("forward ".length())));
            } else if (command.startsWith("back ")) {
                back.change(PathSpec.parse(command.substring("back ".length())));
            } else if (command.equals("udp block") || command.equals("udp pass")) {
                forward.blockUdp(command.equals("udp block"));
                back.blockUdp(command.equals("udp block"));
            } else if (command.equals("tcp block") || command.equals("tcp pass")) {
                forward.blockTcp(command.equals("tcp block"));
                back.blockTcp(command.equals("tcp block"));
            } else if (command.equals("tcp reset")) {
                forward.resetTcp();
                back.resetTcp();
            } else {
                return "error: commands are stats, forward PATH, back PATH, udp block, udp pass, tcp block, tcp pass, tcp reset";
            }
            return "ok";
        } catch (IllegalArgumentException e) {
            return "error: " + e.getMessage();
        }
    }
}
