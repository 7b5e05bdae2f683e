package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminalTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "/dev/pts/3, xterm, true",
        "/dev/tty1, linux, true",
        "/dev/ttyS0, vt220, true",
        "/dev/console, linux, true",
        "/dev/pts/3, dumb, false",
        "/dev/pts/3, '', false",
        "/dev/null, xterm, false",
        "pipe:[4711], xterm, false",
        "/tmp/dev/pts/3, xterm, false",
        "/dev/pts/3 (deleted), xterm, false",
    })
    void isForTerminalsOnly(String target, String kind, boolean expected) throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("2"), Path.of(target));
        assertEquals(expected, Terminal.isTerminal(Map.of("TERM", kind), link));
        assertFalse(Terminal.isTerminal(Map.of(), link), "nobody said of what kind it is");
        assertFalse(Terminal.isTerminal(Map.of("TERM", kind), folder.resolve("none")));
    }
}
