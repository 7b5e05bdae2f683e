package dev.tandem.utp.protocol;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Programs of {@link Operations} by chance; the fuzzer looks for them by what they reach. */
class OperationsTest {
    private static final int SEEDS = Integer.getInteger("tandem.operations.seeds", 2_000);
    private static final int MOST_BYTES = 2_000;

    @Test
    void anyOrderOfEventsLeavesTheEngineConsistent() {
        long first = Long.getLong("tandem.operations.first", 1);
        for (long seed = first; seed < first + SEEDS; seed++) {
            Random random = new Random(seed);
            byte[] program = new byte[random.nextInt(MOST_BYTES)];
            random.nextBytes(program);
            try {
                Operations.run(program);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
        }
    }
}
