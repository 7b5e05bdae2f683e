package dev.tandem.ptspec;

import java.io.IOException;
import java.io.InputStream;

/**
 * Notices that the parent process has closed our standard input, which means "exit" if, and only if, {@link
 * ManagedEnvironment#exitOnStdinClose} is set (pt-spec 3.4). It also notices a parent that was killed.
 */
public final class StdinWatcher {
    private StdinWatcher() {}

    /**
     * Reads {@code in} to its end on a daemon thread of its own, then runs {@code onClose} there, once. A read error is an end too.
     *
     * @return the thread, already started
     */
    public static Thread watch(InputStream in, Runnable onClose) {
        Thread thread = new Thread(
                () -> {
                    drain(in);
                    onClose.run();
                },
                "stdin-watcher");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void drain(InputStream in) {
        byte[] ignored = new byte[256];
        try {
            while (in.read(ignored) >= 0) {
                // tor writes nothing there; whatever it is, it is not an end.
            }
        } catch (IOException e) {
            // as good as closed
        }
    }
}
