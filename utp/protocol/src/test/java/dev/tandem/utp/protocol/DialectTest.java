package dev.tandem.utp.protocol;

import static dev.tandem.utp.protocol.Pair.MILLIS;
import static dev.tandem.utp.protocol.Pair.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.protocol.ModelPeer.Dialect;
import dev.tandem.utp.protocol.congestion.Bbr;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.simulation.LinkConditions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our engine with peers that behave as libutp and as libtorrent do, each dialling and answering. */
class DialectTest {
    private static final long DELAY = 20 * MILLIS;
    private static final int MEGABYTE = 1_000_000;

    /** Each dialect, whether we dial, three seeds. */
    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (Dialect dialect : Dialect.values()) {
            for (boolean weDial : new boolean[] {true, false}) {
                for (long seed = 1; seed <= 3; seed++) {
                    cases.add(Arguments.of(dialect, weDial, seed));
                }
            }
        }
        return cases.stream();
    }

    private static ModelPair connected(Dialect dialect, boolean weDial, long seed, LinkConditions conditions) {
        return connected(weDial, new ModelPair(seed, dialect, conditions));
    }

    /** Connects, and has the side that dialled send one byte, without which libutp does not believe in the other. */
    private static ModelPair connected(boolean weDial, ModelPair pair) {
        if (weDial) {
            pair.dial().send(1);
        } else {
            pair.model.dial(pair.now);
            pair.model.send(1);
        }
        pair.until(
                () -> pair.isConnected() && (weDial ? pair.model.received : pair.peer().received) == 1, 60 * SECONDS);
        return pair;
    }

    private static void exchange(ModelPair pair, long bytes, long limit) {
        pair.peer().send(bytes).thenFinish();
        pair.model.send(bytes);
        pair.model.finish();
        pair.until(() -> pair.peer().isFinishedCleanly() && pair.model.isDone(), limit);
        assertEquals(pair.peer().sent, pair.model.received, pair.toString());
        assertTrue(pair.peer().received >= bytes && pair.peer().ended, pair.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void refusesNothingOfOursOnACleanPath(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = connected(dialect, weDial, seed, Paths.delay(DELAY));
        exchange(pair, 5 * MEGABYTE, 120 * SECONDS);
        assertEquals(0, pair.model.refused(), pair.toString());
        assertEquals(0, pair.peer().connection.stats().retransmissions(), pair.toString());
        assertEquals(0, pair.model.resetsReceived, pair.toString());
        assertEquals(weDial ? 1 : 0, pair.model.synsReceived, pair.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void losesNothingOnABadPath(Dialect dialect, boolean weDial, long seed) {
        exchange(
                connected(dialect, weDial, seed, Paths.lossy(DELAY, 0.01).withReordering(0.02, DELAY / 2)),
                MEGABYTE,
                300 * SECONDS);
        exchange(
                connected(dialect, weDial, seed, Paths.lossy(DELAY, 0.05).withDuplication(0.02, DELAY)),
                200_000,
                300 * SECONDS);
    }

    /** Scenario 2: libutp ignores a repeated SYN, libtorrent makes a second socket of it. */
    @ParameterizedTest
    @MethodSource("cases")
    void connectsWithinThreeSecondsThoughTheAnswerIsLost(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = new ModelPair(seed, dialect, Paths.delay(DELAY));
        Paths.dropNth(weDial ? pair.toUs : pair.toModel, 1);
        long start = pair.now;
        connected(weDial, pair);
        // A model that dials repeats its SYN after 3 s.
        assertTrue(pair.now - start < (weDial ? 3 : 4) * SECONDS, pair.toString());
        exchange(pair, 10_000, 10 * SECONDS);
    }

    /** Scenario 6, both ways round. */
    @ParameterizedTest
    @MethodSource("cases")
    void oneDirectionGoesOnAfterTheOthersEnd(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = connected(dialect, weDial, seed, Paths.delay(DELAY));
        pair.peer().thenFinish();
        pair.until(() -> pair.model.ended && pair.peer().connection.stats().bytesInFlight() == 0, SECONDS);
        pair.model.send(10 * MEGABYTE);
        pair.model.finish();
        pair.until(() -> pair.peer().isFinishedCleanly() && pair.model.isDone(), 300 * SECONDS);
        assertTrue(pair.peer().received >= 10 * MEGABYTE, pair.toString());
        assertEquals(0, pair.model.refused(), pair.toString());

        ModelPair other = connected(dialect, weDial, seed, Paths.delay(DELAY));
        other.model.finish();
        other.until(() -> other.peer().ended && other.model.finAcknowledged, SECONDS);
        other.peer().send(10 * MEGABYTE).thenFinish();
        other.until(() -> other.peer().isFinishedCleanly() && other.model.isDone(), 300 * SECONDS);
        assertEquals(other.peer().sent, other.model.received, other.toString());
        assertEquals(0, other.model.implausibleAcks + other.model.tooFarAhead, other.toString());
    }

    /** Scenario 7, toward each. */
    @ParameterizedTest
    @MethodSource("cases")
    void anEndThatIsLostThreeTimesComesAllTheSame(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = connected(dialect, weDial, seed, Paths.delay(DELAY));
        int[] drops = {3, 3};
        Paths.dropWhile(pair.toModel, d -> d.packet().type() == PacketType.FIN && drops[0]-- > 0);
        Paths.dropWhile(pair.toUs, d -> d.packet().type() == PacketType.FIN && drops[1]-- > 0);
        exchange(pair, 1_000, 60 * SECONDS);
    }

    /** libtorrent never tries a shut window, and libutp after 15 s; our update is repeated until data flows. */
    @ParameterizedTest
    @MethodSource("cases")
    void aModelGoesOnWithinASecondThoughTheWindowUpdateIsLost(Dialect dialect, boolean weDial, long seed) {
        ConnectionConfig small = ConnectionConfig.DEFAULT.withReceiveBufferBytes(64 << 10);
        ModelPair pair = connected(weDial, new ModelPair(seed, dialect, Paths.delay(DELAY), small));
        pair.peer().pause();
        pair.model.send(MEGABYTE);
        pair.run(5 * SECONDS);
        int[] drops = {1};
        Paths.dropWhile(pair.toModel, d -> drops[0]-- > 0);
        pair.peer().resume();
        long before = pair.peer().received;
        pair.until(() -> pair.peer().received > before, SECONDS);
        pair.until(() -> pair.peer().received >= MEGABYTE, 60 * SECONDS);
    }

    /** The same the other way round: the window of the model shuts, and its one update is lost. */
    @ParameterizedTest
    @MethodSource("cases")
    void weGoOnThoughTheModelsOnlyWindowUpdateIsLost(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = new ModelPair(seed, dialect, Paths.delay(DELAY));
        pair.model.receiveBuffer(64 << 10);
        connected(weDial, pair);
        pair.model.pause();
        pair.peer().send(MEGABYTE);
        pair.run(5 * SECONDS);
        assertEquals(0, pair.model.sliversReceived, pair.toString());
        assertTrue(pair.model.received <= (64 << 10) + 10, pair.toString());
        Paths.dropNth(pair.toUs, 1);
        pair.model.resume(pair.now);
        long end = pair.peer().sent;
        pair.until(() -> pair.model.received >= Math.min(end, MEGABYTE), 20 * SECONDS);
    }

    /** Half an hour and more after the last packet with the same ack number its timestamp would look like a later one. */
    @ParameterizedTest
    @MethodSource("cases")
    void believesAWindowThatOpensAfterAnHour(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = new ModelPair(seed, dialect, Paths.delay(DELAY));
        int buffer = 64 << 10;
        pair.model.receiveBuffer(buffer);
        connected(weDial, pair);
        pair.model.pause();
        pair.peer().send(buffer);
        pair.run(40 * 60 * SECONDS);
        pair.model.resume(pair.now);
        pair.run(SECONDS);
        assertEquals(buffer, pair.peer().connection.stats().peerWindowBytes(), pair.toString());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anIdleConnectionLivesForAnHourWithFewPackets(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = connected(dialect, weDial, seed, Paths.delay(DELAY));
        pair.run(SECONDS);
        long before = pair.ours.stats().datagramsSent() + pair.ours.stats().datagramsReceived();
        pair.run(3_600 * SECONDS);
        long packets = pair.ours.stats().datagramsSent() + pair.ours.stats().datagramsReceived() - before;
        // Keepalives every 29 s, of each side at most, and no answers to them that are answered in turn.
        assertTrue(packets <= 4 * 3_600 / 29, packets + " packets: " + pair);
        assertNull(pair.peer().connection.closeReason());
        exchange(pair, 10_000, 10 * SECONDS);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachBelievesTheOthersReset(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = connected(dialect, weDial, seed, Paths.delay(DELAY));
        pair.peer().send(100_000);
        pair.run(10 * MILLIS);
        pair.peer().connection.reset();
        pair.run(SECONDS);
        assertEquals(ModelPeer.State.RESET, pair.model.state, pair.toString());
        ModelPair other = connected(dialect, weDial, seed, Paths.delay(DELAY));
        other.model.reset(other.now);
        other.run(SECONDS);
        assertEquals(CloseReason.RESET_BY_PEER, other.peer().connection.closeReason(), other.toString());
    }

    /** Scenario 16: a window of any size does not make us run further ahead than a peer has room for. */
    @ParameterizedTest
    @MethodSource("cases")
    void neverRunsFurtherAheadThanTheReorderBuffer(Dialect dialect, boolean weDial, long seed) {
        ConnectionConfig fast = ConnectionConfig.DEFAULT
                .withSendBufferBytes(16 << 20)
                .withCongestionController(maxPacketBytes -> new FixedController(16 << 20));
        ModelPair pair = new ModelPair(seed, dialect, Paths.delay(200 * MILLIS), fast);
        pair.model.receiveBuffer(64 << 20);
        connected(weDial, pair);
        int[] data = {0};
        Paths.dropWhile(pair.toModel, d -> d.packet().type() == PacketType.DATA && data[0]++ == 10);
        pair.peer().send(5 * MEGABYTE);
        pair.until(() -> pair.model.received >= 5 * MEGABYTE, 60 * SECONDS);
        assertEquals(0, pair.model.tooFarAhead, pair.toString());
        assertTrue(pair.model.furthestAhead > 900 && pair.model.furthestAhead <= 950, pair.toString());
    }

    /** Scenario 16, the other way round: a peer may run as far ahead as libutp does. */
    @ParameterizedTest
    @ValueSource(ints = {952, 953, 954, 1_023, 1_024, 16_384})
    void takesWhatIsAsFarAheadAsAnyPeerRuns(int distance) {
        ModelPair pair = connected(Dialect.LIBUTP, false, 1, Paths.delay(DELAY));
        Connection ours = pair.peer().connection;
        long before = ours.stats().duplicates();
        Datagram ahead = Packets.withPayload(
                PacketType.DATA, ours.receiveId(), ours.ackNr() + distance, ours.nextSeqNr() - 1, 1);
        // Twice: the second is a duplicate if the first was kept.
        pair.ours.handleDatagram(pair.now, Pair.SERVER, ByteBuffer.wrap(ahead.bytes()));
        pair.ours.handleDatagram(pair.now, Pair.SERVER, ByteBuffer.wrap(ahead.bytes()));
        assertEquals(before + 1, ours.stats().duplicates());
    }

    /** Scenario 35. */
    @ParameterizedTest
    @MethodSource("cases")
    void anAcknowledgementThatWaitsIsNoLoss(Dialect dialect, boolean weDial, long seed) {
        ModelPair pair = new ModelPair(seed, dialect, Paths.delay(DELAY));
        pair.model.ackDelayNanos = 100 * MILLIS;
        connected(weDial, pair);
        for (int i = 0; i < 50; i++) {
            pair.peer().send(3_000);
            pair.run(400 * MILLIS);
        }
        pair.peer().send(MEGABYTE);
        pair.until(() -> pair.peer().connection.stats().bytesAcknowledged() >= MEGABYTE, 120 * SECONDS);
        assertEquals(0, pair.peer().connection.stats().timeouts(), pair.toString());
    }

    /** Scenario 23: 50 Mbit/s at 200 ms toward a peer whose window and reorder buffer are libutp's, 42 and 53 Mbit/s worth. */
    @Test
    void fillsTheWindowOfLibutp() {
        LinkConditions path = Paths.delay(100 * MILLIS).withRate(50_000_000).withQueue(1_250_000);
        ConnectionConfig bbr =
                ConnectionConfig.DEFAULT.withSendBufferBytes(16 << 20).withCongestionController(Bbr::new);
        double rates = 0;
        for (long seed = 1; seed <= 3; seed++) {
            ModelPair pair = new ModelPair(seed, Dialect.LIBUTP, path, bbr);
            pair.model.receiveBuffer(1 << 20);
            connected(true, pair);
            pair.peer().send(1_000 * MEGABYTE);
            pair.run(10 * SECONDS);
            long half = pair.model.received;
            pair.run(10 * SECONDS);
            rates += (pair.model.received - half) * 8 / 10.0 / 1e6;
        }
        assertTrue(rates / 3 >= 36, "seeds 1 to 3: " + rates / 3 + " Mbit/s on average");
    }

    /** Scenario 18, toward each dialect: numbers wrap in both directions. */
    @ParameterizedTest
    @EnumSource
    void goesOnAcrossWraps(Dialect dialect) {
        ModelPair pair = connected(dialect, true, 1, Paths.delay(MILLIS));
        exchange(pair, 200_000L * dialect.payloadBytes, 600 * SECONDS);
        assertEquals(0, pair.model.refused(), pair.toString());
    }

    /** A dial that ends without a byte: libutp does not leave its half-open state for a FIN. */
    @ParameterizedTest
    @EnumSource
    void endsWithoutHavingSentAByte(Dialect dialect) {
        ModelPair pair = new ModelPair(1, dialect, Paths.delay(DELAY));
        pair.dial().thenFinish();
        pair.model.finish();
        pair.until(() -> pair.peer().isFinishedCleanly() && pair.model.isDone(), SECONDS);
        assertEquals(0, pair.model.received, pair.toString());
        assertEquals(0, pair.model.refused(), pair.toString());
    }
}
