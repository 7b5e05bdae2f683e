package dev.tandem.utp.protocol;

import com.code_intelligence.jazzer.junit.FuzzTest;

/** Looks for programs of {@link Operations} that break something, led by what they reach of the engine's code. */
class OperationsFuzzTest {
    @FuzzTest(maxDuration = "10s")
    void anyProgramLeavesTheEngineConsistent(byte[] program) {
        Operations.run(program);
    }
}
