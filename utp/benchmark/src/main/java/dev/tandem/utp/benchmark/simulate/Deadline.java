package dev.tandem.utp.benchmark.simulate;

/**
 * One deadline that moves, on a simulation whose events cannot be taken back: it is scheduled anew only when it moves forward,
 * and an event that comes too early just finds nothing due.
 */
final class Deadline {
    private static final long NEVER = Long.MAX_VALUE;

    private final World world;
    private final Runnable action;
    private long atNanos = NEVER;

    /** @param action done when the deadline has come; arms it again */
    Deadline(World world, Runnable action) {
        this.world = world;
        this.action = action;
    }

    /** Is due at this time at the latest; {@link Long#MAX_VALUE} is never. */
    void arm(long nanos) {
        if (nanos < atNanos) {
            atNanos = Math.max(nanos, world.now());
            long scheduled = atNanos;
            world.simulation.schedule(scheduled, () -> fire(scheduled));
        }
    }

    private void fire(long scheduled) {
        if (scheduled == atNanos) {
            world.events++;
            atNanos = NEVER;
            action.run();
        }
    }
}
