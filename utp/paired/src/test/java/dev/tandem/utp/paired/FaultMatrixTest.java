package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.tandem.utp.paired.FaultCell.Result;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every fault in every phase of a session, on sockets: each byte comes through exactly, or the session closes on both sides,
 * and nothing is left. Cells mostly wait, so they run together; {@code -Dtandem.faults=REGEX} runs those whose name has it.
 */
class FaultMatrixTest {
    private static final int AT_ONCE = 48;
    /** Carriers that close in order, towards a peer that is gone, take five. What waits for longer was forgotten. */
    private static final int CLOSE_SECONDS = 10;

    private static final Pattern CHOSEN = Pattern.compile(System.getProperty("tandem.faults", ""));
    private static final Logger FIGURES = Logger.getLogger("figures");

    private static MultiThreadIoEventLoopGroup clientGroup;
    private static MultiThreadIoEventLoopGroup serverGroup;
    private static CountedLoop clientLoop;
    private static CountedLoop serverLoop;
    private static CountedNetwork network;
    private static ExecutorService cells;
    private static long descriptors;

    private record Cell(Fault fault, Phase phase, CarrierPolicy policy) {
        Result run() throws Exception {
            FaultCell cell = new FaultCell(fault, phase, policy, network, clientLoop, serverLoop);
            try {
                return cell.run();
            } finally {
                cell.shutDown();
            }
        }

        @Override
        public String toString() {
            return fault + " " + phase + " " + policy;
        }
    }

    @BeforeAll
    static void start() throws Exception {
        network = new CountedNetwork();
        clientGroup = CountedLoop.newGroup();
        serverGroup = CountedLoop.newGroup();
        clientLoop = (CountedLoop) clientGroup.next();
        serverLoop = (CountedLoop) serverGroup.next();
        cells = Executors.newFixedThreadPool(AT_ONCE);
        // Classes, libraries and whatever else is opened once and kept.
        new Cell(Fault.TCP_RESET, Phase.BOTH, CarrierPolicy.AUTO).run();
        new Cell(Fault.SERVER_APPLICATION_CLOSED, Phase.PAIRING, CarrierPolicy.AUTO).run();
        awaitNothingOpen();
        descriptors = descriptors();
    }

    private static long descriptors() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getOpenFileDescriptorCount()
                : 0;
    }

    private static void awaitNothingOpen() throws Exception {
        Eventually.holds("all channels are closed", CLOSE_SECONDS, network.open::isEmpty);
        for (CountedLoop loop : List.of(clientLoop, serverLoop)) {
            Eventually.holds(
                    "the loop waits for no socket",
                    () -> loop.submit(loop::sockets).get() == 0);
            Eventually.holds("no timer is left", CLOSE_SECONDS, () -> loop.timers() == 0);
        }
        Eventually.holds(
                "the buffers of all connections are released",
                CLOSE_SECONDS,
                () -> network.allocator.metric().usedDirectMemory() == 0
                        && network.allocator.metric().usedHeapMemory() == 0);
    }

    @AfterAll
    static void nothingIsLeft() throws Exception {
        cells.shutdown();
        try {
            assertTrue(cells.awaitTermination(10, TimeUnit.SECONDS), "all cells are over");
            awaitNothingOpen();
            Eventually.holds("no file descriptor is left", CLOSE_SECONDS, () -> descriptors() <= descriptors);
        } finally {
            clientGroup.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
            serverGroup.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(10, TimeUnit.SECONDS);
        }
        LinkFixture.assertNoLeaks();
    }

    private static List<Cell> all() {
        List<Cell> all = new ArrayList<>();
        for (Fault fault : Fault.values()) {
            for (Phase phase : Phase.values()) {
                if ((fault == Fault.CLIENT_APPLICATION_CLOSED && phase.compareTo(Phase.PROOF) < 0)
                        || (fault == Fault.SERVER_APPLICATION_CLOSED && phase.compareTo(Phase.PAIRING) < 0)) {
                    // There is no session that could be closed.
                    continue;
                }
                all.add(new Cell(fault, phase, CarrierPolicy.AUTO));
                if (phase.isEstablished() && (fault.isTcp() || fault.isBoth())) {
                    all.add(new Cell(fault, phase, CarrierPolicy.TLS));
                }
                if (phase.isEstablished()
                        && phase != Phase.CLOSE
                        && (fault.isUdp() || fault.isBoth())
                        && !fault.leavesSomeUdp()) {
                    all.add(new Cell(fault, phase, CarrierPolicy.UTP));
                }
            }
        }
        return all;
    }

    @TestFactory
    Stream<DynamicTest> everyFaultInEveryPhase() {
        List<Cell> chosen = new ArrayList<>(all().stream()
                .filter(cell -> CHOSEN.matcher(cell.toString()).find())
                .toList());
        // Those that wait and those that work, mixed; those first that may wait for a server to give up a client.
        Collections.shuffle(chosen, new Random(1));
        chosen.sort(Comparator.comparing(cell -> cell.phase() != Phase.PAIRING));
        List<CompletableFuture<Result>> results = new ArrayList<>();
        for (Cell cell : chosen) {
            CompletableFuture<Result> result = new CompletableFuture<>();
            results.add(result);
            cells.execute(() -> {
                try {
                    result.complete(cell.run());
                } catch (Throwable e) {
                    result.completeExceptionally(e);
                }
            });
        }
        return IntStream.range(0, chosen.size())
                .mapToObj(i -> DynamicTest.dynamicTest(chosen.get(i).toString(), () -> {
                    Result result = LinkFixture.await(results.get(i), 100);
                    FIGURES.info(chosen.get(i) + ": " + result);
                }));
    }
}
