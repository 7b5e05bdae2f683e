package dev.tandem.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The program as a process of its own, with all that it writes, on standard output and standard error. */
final class ProxyProcess implements AutoCloseable {
    private static final int LIMIT_SECONDS = 60;
    private static final Pattern ADDRESS = Pattern.compile("\\d+\\.\\d+\\.\\d+\\.\\d+|::|localhost");

    private final Process process;
    private final BlockingQueue<String> unread = new LinkedBlockingQueue<>();
    private final List<String> all = new CopyOnWriteArrayList<>();
    private final Thread reader;

    ProxyProcess(Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx96m", "-cp", System.getProperty("java.class.path")));
        command.add(ClientMain.class.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("TOR_PT_"));
        builder.environment().putAll(environment);
        process = builder.start();
        reader = new Thread(this::read, "output");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                all.add(line);
                unread.add(line);
            }
        } catch (IOException e) {
            // it has ended
        }
    }

    /** The next line that holds this; those before it are passed over. */
    String await(String part) throws InterruptedException {
        while (true) {
            String line = unread.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertNotNull(line, () -> "no line with '" + part + "' among " + all);
            if (line.contains(part)) {
                return line;
            }
        }
    }

    /** Sends SIGTERM, and waits for the end; returns what it exited with. */
    int terminate() throws InterruptedException {
        process.destroy();
        assertTrue(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS), "it does not end");
        reader.join();
        return process.exitValue();
    }

    /** Fails if an address or one of the texts is in anything that was written but the lines that are there to tell it. */
    void assertSilentAbout(String... secrets) {
        for (String line : all) {
            if (!line.matches("[CS]METHOD utp .*|listening on .*|SOCKS requests on .*|clients: .*")) {
                assertFalse(ADDRESS.matcher(line).find(), line);
                for (String secret : secrets) {
                    assertFalse(line.contains(secret), line);
                }
            }
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
