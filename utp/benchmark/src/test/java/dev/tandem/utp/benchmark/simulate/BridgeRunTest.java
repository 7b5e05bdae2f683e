package dev.tandem.utp.benchmark.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import org.junit.jupiter.api.Test;

class BridgeRunTest {
    private static final Transport BBR = Transport.utp(CongestionControl.BBR);
    private static final int SECONDS = 6;

    @Test
    void sameSeedGivesSameFigures() throws JsonProcessingException {
        BridgeSetting setting = new BridgeSetting(20, 2_000_000, BBR, SECONDS, 5);
        BridgeSetting other = new BridgeSetting(20, 2_000_000, BBR, SECONDS, 6);
        assertEquals(figures(BridgeRun.of(setting)), figures(BridgeRun.of(setting)));
        assertNotEquals(figures(BridgeRun.of(setting)), figures(BridgeRun.of(other)));
    }

    private static ObjectNode figures(BridgeResult result) throws JsonProcessingException {
        ObjectNode figures = (ObjectNode) new ObjectMapper().readTree(Json.of(result));
        figures.remove("cost");
        return figures;
    }

    /** Each byte is checked on arrival, by {@link CellReader}; here: that all that was asked for comes, on the right carrier. */
    @Test
    void everyAnswerComesWhereThereIsRoom() {
        for (Transport transport : new Transport[] {BBR, Transport.tls()}) {
            BridgeResult result = BridgeRun.of(new BridgeSetting(20, 400_000_000, transport, 12, 2));
            BridgeResult.Carriers carriers = result.carriers();
            assertEquals(20, carriers.alive(), result::toString);
            assertEquals(transport.equals(BBR) ? 20 : 0, carriers.onUtp(), result::toString);
            int underWay =
                    result.interactive().requests() - result.interactive().answered();
            assertTrue(result.interactive().requests() > 8 && underWay <= 4, result::toString);
            assertTrue(result.interactive().firstByteMs().median() >= 30, result::toString);
        }
    }

    /** Five clients are few: of one seed the fairness is anything from 0.3 to 0.97. */
    @Test
    void bulkClientsShareAScarceBridge() {
        double fairness = 0;
        for (long seed = 1; seed <= 10; seed++) {
            BridgeResult result = BridgeRun.of(new BridgeSetting(100, 10_000_000, BBR, 12, seed));
            fairness += result.bulk().fairness() / 10;
            assertTrue(result.bottleneck().use() > 0.7, result::toString);
            assertTrue(result.goodputMbit() < 10, result::toString);
        }
        assertTrue(fairness > 0.6, "seeds 1 to 10: " + fairness + " on average");
    }

    @Test
    void halfTheRateIsHalfTheGoodput() {
        BridgeResult whole = BridgeRun.of(new BridgeSetting(20, 4_000_000, BBR, 9, 4));
        BridgeResult half = BridgeRun.of(new BridgeSetting(20, 2_000_000, BBR, 9, 4));
        assertTrue(half.goodputMbit() < 0.7 * whole.goodputMbit(), () -> half + "\n" + whole);
    }
}
