package dev.tandem.utp.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private final Simulation simulation = new Simulation();
    private final List<String> seen = new ArrayList<>();

    @Test
    void eventsRunInTheOrderOfTimeThenOfScheduling() {
        note(20, "c");
        note(10, "a");
        note(10, "b");
        simulation.schedule(10, () -> note(10, "last at 10"));
        simulation.runUntil(30);
        assertEquals(List.of("a@10", "b@10", "last at 10@10", "c@20"), seen);
        assertEquals(30, simulation.now());
    }

    @Test
    void theEndOfARunIsPartOfIt() {
        note(10, "a");
        note(11, "b");
        simulation.runUntil(10);
        assertEquals(List.of("a@10"), seen);
        simulation.runUntil(11);
        assertEquals(List.of("a@10", "b@11"), seen);
    }

    @Test
    void aConditionEndsARunWhereItCameTrue() {
        note(10, "a");
        note(20, "b");
        note(30, "c");
        assertTrue(simulation.runUntil(() -> seen.size() == 2, 100));
        assertEquals(20, simulation.now());
        assertFalse(simulation.runUntil(() -> seen.size() == 4, 100));
        assertEquals(100, simulation.now());
    }

    @Test
    void thePastIsClosed() {
        simulation.runUntil(10);
        assertThrows(IllegalArgumentException.class, () -> simulation.schedule(9, () -> {}));
        assertThrows(IllegalArgumentException.class, () -> simulation.scheduleIn(-1, () -> {}));
        assertThrows(IllegalArgumentException.class, () -> simulation.runUntil(9));
        simulation.runUntil(10);
    }

    @Test
    void aLivelockIsFound() {
        simulation.schedule(5, this::again);
        assertThrows(IllegalStateException.class, () -> simulation.runUntil(10));
        assertEquals(5, simulation.now());
    }

    private void again() {
        simulation.scheduleIn(0, this::again);
    }

    private void note(long atNanos, String what) {
        simulation.schedule(atNanos, () -> seen.add(what + "@" + simulation.now()));
    }
}
