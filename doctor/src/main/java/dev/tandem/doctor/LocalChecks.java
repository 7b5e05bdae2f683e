package dev.tandem.doctor;

import dev.tandem.utp.netty.UtpTransports;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;

/** The checks that need nothing but the machine. */
public final class LocalChecks {
    private LocalChecks() {}

    /**
     * Makes them.
     *
     * @throws IOException if the program's own JAR cannot be looked at
     */
    public static List<Finding> check(SystemFiles files, Program program) throws IOException {
        return List.of(
                RuntimeCheck.java(Runtime.version().feature(), Runtime.version().toString()),
                RuntimeCheck.transport(UtpTransports.features()),
                ArchiveCheck.check(program.jar(), program.javaHome()),
                RuntimeCheck.udpBuffers(files),
                ClockCheck.check(InstantSource.system().instant(), program.built(), files));
    }
}
