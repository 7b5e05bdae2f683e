package dev.tandem.ptspec;

import java.io.InputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * When a proxy shall end: a signal (SIGTERM, SIGINT), or the end of its standard input (pt-spec 3.4). A signal ends the process at once, but
 * waits, for a bounded time, until this is closed: so the work done between {@link #await} and {@link #close} is done in either case.
 */
public final class ShutdownSignal implements AutoCloseable {
    /** Longer than a proxy takes; init systems and people wait for more than this. */
    private static final long LIMIT_SECONDS = 8;

    /** What Java has for a process that a signal ended: 128 and the signal's number. */
    private static final int UNCHANGED = -1;

    private final CountDownLatch wanted = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile int status = UNCHANGED;
    private final Thread hook = new Thread(this::handleSignal, "shutdown-signal");

    /** Listens to signals from now on. */
    public ShutdownSignal() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Listens to the end of standard input too. */
    public void watch(InputStream stdin) {
        StdinWatcher.watch(stdin, this::raise);
    }

    /**
     * Listens to the end of the parent process too, for one that does not promise to close standard input. Without effect if that cannot be
     * seen, or if it is the first of all processes, which is nobody's parent in particular.
     */
    public void watchParent() {
        ProcessHandle.current().parent().filter(parent -> parent.pid() != 1).ifPresent(this::watch);
    }

    /** The JDK looks at a process that is not its child every few seconds, and is not misled by one that has its number later. */
    void watch(ProcessHandle process) {
        process.onExit().thenRun(this::raise);
    }

    /** The proxy shall end: there is another reason. */
    public void raise() {
        wanted.countDown();
    }

    /**
     * From now on a process that a signal ends exits with this, if it is closed in time, as one does that was asked to end and did so; init
     * systems and scripts take Java's own 143 for a failure. Nothing is to be done behind {@link #close} then.
     */
    public void exitWith(int code) {
        status = code;
    }

    /** Waits until the proxy shall end. */
    public void await() throws InterruptedException {
        wanted.await();
    }

    private void handleSignal() {
        raise();
        try {
            // If it takes longer, something is stuck, and the process ends all the same.
            if (done.await(LIMIT_SECONDS, TimeUnit.SECONDS) && status != UNCHANGED) {
                // The process ends already, with its own number; only so it can be another one.
                Runtime.getRuntime().halt(status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** All is done: the process may end. */
    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It runs, and ends now.
        }
    }
}
