package dev.tandem.utp.emulation;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * The emulator's program, which {@code scripts/lab/link} starts. Its standard input and its standard output are the two
 * TUN devices, each open for reading and writing: so it needs no native code to open them. It ends when it is told to by
 * SIGTERM.
 */
public final class Emulator {
    private static final String USAGE = "usage: emulator CONTROL-SOCKET SEED FORWARD BACK";

    private Emulator() {}

    /** Runs until a device is gone. Errors are one line on standard error. */
    @SuppressForbidden("the one place where standard error is known")
    public static void main(String[] args) {
        System.exit(run(args, System.err));
    }

    private static int run(String[] args, PrintStream errors) {
        if (args.length != 4) {
            errors.println(USAGE);
            return 64;
        }
        try (ServerSocketChannel control = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            long seed = Long.parseLong(args[1]);
            Direction forward = direction(FileDescriptor.in, FileDescriptor.out, args[2], seed);
            Direction back = direction(FileDescriptor.out, FileDescriptor.in, args[3], seed + 1);
            control.bind(UnixDomainSocketAddress.of(Path.of(args[0])));
            for (Direction each : List.of(forward, back)) {
                start("write", each::write);
                start("read", each::read);
            }
            new Control(forward, back).serve(control);
            return 0;
        } catch (NumberFormatException e) {
            errors.println("emulator: the seed is a number");
            return 64;
        } catch (IllegalArgumentException e) {
            errors.println("emulator: " + e.getMessage());
            return 64;
        } catch (IOException e) {
            errors.println("emulator: " + e.getMessage());
            return 74;
        }
    }

    private static Direction direction(FileDescriptor from, FileDescriptor to, String spec, long seed) {
        // Owned by the process, not by these: a device that is closed would take the path with it.
        @SuppressWarnings("resource")
        ReadableByteChannel in = new FileInputStream(from).getChannel();
        @SuppressWarnings("resource")
        WritableByteChannel out = new FileOutputStream(to).getChannel();
        return new Direction(in, out, PathSpec.parse(spec), seed, System::nanoTime);
    }

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static void start(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException | InterruptedException e) {
                        // The device was taken away: nothing more goes this way, and the control socket tells so.
                        Thread.currentThread().interrupt();
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }
}
