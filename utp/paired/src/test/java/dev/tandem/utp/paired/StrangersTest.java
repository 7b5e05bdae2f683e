package dev.tandem.utp.paired;

import static dev.tandem.utp.paired.LinkFixture.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.BoundCounters.Bound;
import dev.tandem.utp.paired.SessionAcceptor.Refusal;
import dev.tandem.utp.paired.strangers.Decoy;
import dev.tandem.utp.paired.strangers.StrangerConfig;
import dev.tandem.utp.protocol.wire.PacketType;
import dev.tandem.utp.protocol.wire.PacketWriter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What those get who are no clients, over real sockets. */
@Timeout(60)
class StrangersTest {
    private static final long SEED = 20_261_125;
    private static final LinkConfig TLS_ONLY = LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS);
    private static final int PATIENCE_MILLIS = 30_000;
    /** How long a socket is listened to that is expected to be silent, when what would have spoken has had its turn. */
    private static final int SILENCE_MILLIS = 50;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterAll
    static void nothingLeaked() {
        LinkFixture.assertNoLeaks();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    private static LinkConfig config(StrangerConfig strangers) {
        return LinkConfig.DEFAULT.withStrangers(strangers);
    }

    /** Sockets of the two kinds tell ends and resets in ways of their own. */
    EventLoopGroup loops() {
        return new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    private LinkFixture link(StrangerConfig strangers) throws Exception {
        return opened(new LinkFixture(new StandInNetwork(), config(strangers), this::loops));
    }

    private LinkFixture linkBefore(DecoyServer decoy) throws Exception {
        return link(StrangerConfig.DEFAULT.withDecoy(Decoy.server(decoy.address())));
    }

    private Socket call(LinkFixture link) throws Exception {
        Socket socket = opened(new Socket(link.address.getAddress(), link.address.getPort()));
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private static CompletableFuture<byte[]> readAll(Socket socket) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static CompletableFuture<Void> writeAll(Socket socket, byte[] bytes) {
        return CompletableFuture.runAsync(() -> {
            try {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(SEED).nextBytes(bytes);
        return bytes;
    }

    private static byte[] joined(byte[] first, byte[] second) {
        ByteBuffer all = ByteBuffer.allocate(first.length + second.length);
        return all.put(first).put(second).array();
    }

    /** First bytes of whom the server does not take for a client. */
    static Stream<byte[]> strangers() {
        byte[] marked = ClientHellos.marked();
        byte[] spoiled = marked.clone();
        spoiled[50] ^= 1;
        return Stream.of(
                new byte[] {0},
                "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                Arrays.copyOf(marked, 30),
                Arrays.copyOf(marked, 75),
                spoiled,
                ClientHellos.unmarked());
    }

    @ParameterizedTest
    @MethodSource("strangers")
    void everyByteGoesToTheDecoyAndBack(byte[] first) throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            // A read that is cut short is followed by bytes that make of it nothing like a client.
            byte[] up = joined(first, random(2_000_000));
            byte[] down = random(3_000_000);
            Socket caller = call(link);
            Socket called = decoy.next();
            CompletableFuture<Void> sent = writeAll(caller, up);
            CompletableFuture<Void> answered = writeAll(called, down);
            CompletableFuture<byte[]> atDecoy = readAll(called);
            assertArrayEquals(down, await(readAll(caller)));
            assertArrayEquals(up, await(atDecoy));
            await(CompletableFuture.allOf(sent, answered));
            assertEquals(Refusal.STRANGER, link.nextRefusal());
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    /** The decoy's own patience is what a slow caller is to meet. */
    @Test
    void theDecoyHearsEachPieceWhenItComes() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            byte[] hello = ClientHellos.unmarked();
            Socket caller = call(link);
            Socket called = decoy.next();
            for (int i = 0; i < hello.length; i++) {
                caller.getOutputStream().write(hello[i]);
                assertEquals(hello[i] & 0xff, called.getInputStream().read(), "byte " + i);
            }
        }
    }

    /** However its first flight is cut on the way. */
    @Test
    void aClientIsAClientAlsoInPieces() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            byte[] hello = ClientHellos.marked();
            Socket caller = call(link);
            Socket called = decoy.next();
            for (int i = 0; i < 75; i++) {
                caller.getOutputStream().write(hello[i]);
                assertEquals(hello[i] & 0xff, called.getInputStream().read());
            }
            caller.getOutputStream().write(hello, 75, hello.length - 75);
            assertEquals(-1, called.getInputStream().read(), "the whole marker never leaves");
            byte[] answer = caller.getInputStream().readNBytes(76);
            assertEquals(22, answer[0]);
            assertEquals(2, answer[5], "ServerHello");
            assertArrayEquals(
                    Arrays.copyOfRange(hello, 44, 76), Arrays.copyOfRange(answer, 44, 76), "the session id is echoed");
            assertTrue(link.refusals.isEmpty());
        }
    }

    @Test
    void anEndOfTheDecoyIsAnEndForWhoSaidNothing() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            Socket caller = call(link);
            decoy.next().close();
            assertEquals(-1, caller.getInputStream().read());
            assertEquals(Refusal.STRANGER, link.nextRefusal());
        }
    }

    /** As a server does that has too many visitors. The client's hello is late, or lost at first. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDecoyThatClosesAtOnceShutsNoClientOut(boolean byReset) throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            PatternUser server = PatternUser.server(1000);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(1000);
            try (TcpRelay late = new TcpRelay(link.address)) {
                late.held = true;
                link.client
                        .dial(late.address(), LinkFixture.cert(), TLS_ONLY, client)
                        .addListener(up -> client.start((Session) up.getNow(), true));
                Socket called = decoy.next();
                if (byReset) {
                    reset(called);
                } else {
                    called.close();
                }
                listenInVain(link);
                late.held = false;
                assertEquals(CloseReason.FINISHED, await(client.closed));
                // The client's last frame may still be on its way through the relay.
                assertEquals(CloseReason.FINISHED, await(server.closed));
            }
            assertNull(client.error);
            assertTrue(link.refusals.isEmpty());
        }
    }

    /** Nothing is to come of what happened: that has had its turn then. */
    private static void listenInVain(LinkFixture link) throws Exception {
        long end = System.nanoTime() + SILENCE_MILLIS * 1_000_000L;
        while (System.nanoTime() - end < 0) {
            link.onServer(() -> true);
        }
    }

    /** What it does at once it has done to the stranger, too, as soon as that is known to be one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDecoyThatClosesAtOnceDoesSoToAStranger(boolean byReset) throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            Socket caller = call(link);
            byte[] hello = ClientHellos.unmarked();
            caller.getOutputStream().write(hello, 0, 20);
            Socket called = decoy.next();
            assertEquals(20, called.getInputStream().readNBytes(20).length);
            if (byReset) {
                reset(called);
            } else {
                called.close();
            }
            listenInVain(link);
            caller.getOutputStream().write(hello, 20, hello.length - 20);
            if (byReset) {
                assertThrows(
                        SocketException.class, () -> caller.getInputStream().read());
            } else {
                assertEquals(-1, endOf(caller));
            }
            assertEquals(Refusal.STRANGER, link.nextRefusal());
            caller.close();
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    /** An end, or the reset that follows it where the decoy was written to after it had closed. */
    private static int endOf(Socket caller) throws IOException {
        try {
            return caller.getInputStream().read();
        } catch (SocketException e) {
            return -1;
        }
    }

    /** Whoever connects to such a server itself hears it first, and so does a stranger here. */
    @Test
    void aBannerOfTheDecoyComesAtOnce() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            Socket caller = call(link);
            Socket called = decoy.next();
            called.getOutputStream().write("220".getBytes(StandardCharsets.US_ASCII));
            called.close();
            assertEquals("220", new String(caller.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            assertEquals(Refusal.STRANGER, link.nextRefusal());
        }
    }

    @Test
    void aResetOfTheDecoyIsAReset() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            Socket caller = call(link);
            Socket called = decoy.next();
            caller.getOutputStream().write(ClientHellos.unmarked());
            called.getInputStream().read();
            called.getOutputStream().write(7);
            assertEquals(7, caller.getInputStream().read());
            reset(called);
            assertThrows(SocketException.class, () -> caller.getInputStream().read());
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20, 200})
    void aResetOfTheCallerIsAReset(int bytes) throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            Socket caller = call(link);
            Socket called = decoy.next();
            caller.getOutputStream().write(ClientHellos.unmarked(), 0, bytes);
            called.getInputStream().readNBytes(bytes);
            reset(caller);
            assertThrows(SocketException.class, () -> called.getInputStream().read());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20, 200})
    void eachDirectionEndsByItself(int bytes) throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            Socket caller = call(link);
            Socket called = decoy.next();
            caller.getOutputStream().write(ClientHellos.unmarked(), 0, bytes);
            caller.shutdownOutput();
            assertEquals(bytes, called.getInputStream().readAllBytes().length);
            for (int i = 0; i < 3; i++) {
                called.getOutputStream().write(i);
                assertEquals(i, caller.getInputStream().read());
            }
            called.close();
            assertEquals(-1, caller.getInputStream().read());
            Eventually.holds("nothing is left", () -> link.strangersPresent() == 0);
        }
    }

    @Test
    void theDecoySeesNothingOfAClient() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            PatternUser server = PatternUser.server(300_000);
            link.serverUser = () -> server;
            PatternUser client = PatternUser.client(100_000);
            link.dial(LinkConfig.DEFAULT, client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            assertNull(client.error);
            assertEquals(-1, decoy.next().getInputStream().read());
            assertTrue(link.refusals.isEmpty());
        }
    }

    /** A bridge line with another secret opens no more than none. */
    @Test
    void aWrongSecretIsNoSecret() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            byte[] secret = new byte[BridgeCert.SECRET_LENGTH];
            new SecureRandom().nextBytes(secret);
            BridgeCert wrong = new BridgeCert(LinkFixture.cert().pin(), secret);
            var dialled = link.client.dial(link.address, wrong, LinkConfig.DEFAULT, PatternUser.client(1));
            Socket called = decoy.next();
            byte[] hello = called.getInputStream().readNBytes(76);
            assertEquals(22, hello[0]);
            assertEquals(32, hello[43]);
            assertEquals(Refusal.STRANGER, link.nextRefusal());
            called.getOutputStream().write(new byte[] {21, 3, 3, 0, 2, 2, 40});
            LinkException failure = assertThrows(LinkException.class, () -> await(dialled));
            assertEquals(LinkException.Reason.NOT_OUR_SERVER, failure.reason());
        }
    }

    @Test
    void aReplayedHelloGoesToTheDecoy() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = linkBefore(decoy);
            byte[] hello = ClientHellos.marked();
            Socket first = call(link);
            decoy.next();
            first.getOutputStream().write(hello);
            assertEquals(22, first.getInputStream().read());
            Socket second = call(link);
            Socket called = decoy.next();
            second.getOutputStream().write(hello);
            assertArrayEquals(hello, called.getInputStream().readNBytes(hello.length));
            assertEquals(Refusal.REPLAY, link.nextRefusal());
            assertEquals(
                    1, (long) link.onServer(() -> link.server.strangerStats().replays()));
        }
    }

    @Test
    void tooManyStrangersWaitForRoomAndKeepNoClientOut() throws Exception {
        try (DecoyServer decoy = new DecoyServer()) {
            LinkFixture link = link(StrangerConfig.DEFAULT
                    .withDecoy(Decoy.server(decoy.address()))
                    .withBounds(2, 100));
            Socket first = call(link);
            Socket second = call(link);
            Socket firstCalled = decoy.next();
            Socket secondCalled = decoy.next();
            // What a busy server has not accepted yet hears nothing of it, whatever it says.
            Socket third = call(link);
            byte[] hello = ClientHellos.unmarked();
            for (byte next : hello) {
                third.getOutputStream().write(next);
            }
            assertEquals(Refusal.TOO_MANY_STRANGERS, link.nextRefusal());
            Socket fourth = call(link);
            fourth.getOutputStream().write(hello, 0, 75);
            listenInVain(link);
            assertTrue(decoy.nobodyCame());
            PatternUser client = PatternUser.client(1_000);
            link.dial(LinkConfig.DEFAULT, client);
            assertEquals(CloseReason.FINISHED, await(client.closed));
            // When there is room, they get what they would have got.
            first.close();
            firstCalled.close();
            Socket called = decoy.next();
            assertArrayEquals(hello, called.getInputStream().readNBytes(hello.length));
            called.getOutputStream().write(42);
            assertEquals(42, third.getInputStream().read());
            second.close();
            secondCalled.close();
            called = decoy.next();
            assertArrayEquals(Arrays.copyOf(hello, 75), called.getInputStream().readNBytes(75));
            fourth.getOutputStream().write(hello, 75, hello.length - 75);
            assertArrayEquals(
                    Arrays.copyOfRange(hello, 75, hello.length),
                    called.getInputStream().readNBytes(hello.length - 75));
            assertEquals(1L, link.serverTotals.snapshot().bounds().get(Bound.STRANGERS));
            // No more than so many wait; what they have said makes no difference.
            Socket spoken = call(link);
            spoken.getOutputStream().write(hello);
            List<Socket> silent = new ArrayList<>();
            for (int i = 0; i < 257; i++) {
                silent.add(call(link));
            }
            assertEquals(-1, endOf(spoken));
            assertEquals(-1, silent.get(0).getInputStream().read());
            assertEquals(258, link.strangersPresent());
            assertTrue(decoy.nobodyCame());
            // The third, the one that has spoken, and the first of the silent ones.
            assertEquals(3L, link.serverTotals.snapshot().bounds().get(Bound.STRANGERS));
        }
    }

    @Test
    void strangersWaitForRoomAlsoWithoutADecoy() throws Exception {
        LinkFixture link = link(StrangerConfig.DEFAULT.withBounds(1, 100));
        Socket first = call(link);
        Socket second = call(link);
        second.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        second.shutdownOutput();
        assertEquals(Refusal.TOO_MANY_STRANGERS, link.nextRefusal());
        first.close();
        String answer = new String(second.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), answer);
    }

    /** Those of the server in this process; a decoy sees to its own. */
    @Test
    void aFloodOfHandshakesHasToWait() throws Exception {
        LinkFixture link = link(StrangerConfig.DEFAULT.withHandshakesPerSecond(1));
        Socket last = call(link);
        for (int i = 0; i < 100 && !link.serverTotals.snapshot().bounds().containsKey(Bound.STRANGER_HANDSHAKES); i++) {
            last = call(link);
            last.getOutputStream().write(ClientHellos.unmarked());
            assertEquals(Refusal.STRANGER, link.nextRefusal());
        }
        assertTrue(link.serverTotals.snapshot().bounds().containsKey(Bound.STRANGER_HANDSHAKES));
        assertTrue(last.getInputStream().read() > 0, "an answer of TLS, in the end");
    }

    private static InetSocketAddress nobody() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    @Test
    void withoutItsDecoyTheServerAnswersItself() throws Exception {
        LinkFixture link = link(StrangerConfig.DEFAULT.withDecoy(Decoy.server(nobody())));
        for (int i = 0; i < 3; i++) {
            try (Socket caller = call(link)) {
                caller.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                caller.shutdownOutput();
                String answer = new String(caller.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), answer);
            }
        }
        assertEquals(1, link.decoyFailures.get(), "told once");
        assertEquals(3, (long) link.onServer(() -> link.server.strangerStats().decoyFailures()));
        PatternUser client = PatternUser.client(1_000);
        link.dial(LinkConfig.DEFAULT, client);
        assertEquals(CloseReason.FINISHED, await(client.closed));
    }

    private static SSLContext trusting() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        TrustManager anybody = new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        context.init(null, new TrustManager[] {anybody}, new SecureRandom());
        return context;
    }

    /** One answer of HTTP/1.1, which stays open. */
    private static String ask(SSLSocket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            head.write(in.read());
        }
        String text = head.toString(StandardCharsets.US_ASCII);
        int length = Integer.parseInt(text.replaceFirst("(?s).*Content-Length: (\\d+).*", "$1"));
        return text + new String(in.readNBytes(length), StandardCharsets.US_ASCII);
    }

    /** Of what a visitor offers it takes HTTP/1.1, and nothing is wrong with who does not offer that. */
    @ParameterizedTest
    @CsvSource({"h2 http/1.1, http/1.1", "h2, ''"})
    void aBrowserIsToldOfHttp1Alone(String offered, String taken) throws Exception {
        LinkFixture link = link(StrangerConfig.DEFAULT);
        try (SSLSocket socket = (SSLSocket)
                trusting().getSocketFactory().createSocket(link.address.getAddress(), link.address.getPort())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(offered.split(" "));
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            assertEquals(taken, socket.getApplicationProtocol());
            assertTrue(ask(socket, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").startsWith("HTTP/1.1 200 OK\r\n"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aBrowserMeetsAWebServerOfAnotherIdentity(String version) throws Exception {
        ServerIdentity front = ServerIdentity.generate(new SecureRandom());
        EventLoopGroup group = loops();
        opened.add(() -> group.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly());
        LinkServer server = new LinkServer(
                group.next(),
                new CarrierTotals(),
                LinkFixture.IDENTITY.withFront(front),
                LinkConfig.DEFAULT.withPolicy(CarrierPolicy.TLS),
                session -> {
                    throw new AssertionError("no session");
                });
        InetSocketAddress address = await(server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        try (SSLSocket socket =
                (SSLSocket) trusting().getSocketFactory().createSocket(address.getAddress(), address.getPort())) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setEnabledProtocols(new String[] {version});
            socket.startHandshake();
            assertEquals(version, socket.getSession().getProtocol());
            assertArrayEquals(
                    front.certificate(),
                    socket.getSession().getPeerCertificates()[0].getEncoded());
            assertTrue(ask(socket, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").startsWith("HTTP/1.1 200 OK\r\n"));
            assertTrue(ask(socket, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n").startsWith("HTTP/1.1 404 Not Found\r\n"));
            assertTrue(ask(socket, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
                    .startsWith("HTTP/1.1 405 Not Allowed\r\n"));
            assertTrue(ask(socket, "GET / HTTP/1.1\r\n\r\n").startsWith("HTTP/1.1 400 Bad Request\r\n"));
            assertEquals(-1, socket.getInputStream().read());
        }
        await(server.close());
    }

    // UDP.

    /** On 127.0.0.n. */
    private DatagramSocket udp(int n) throws Exception {
        InetAddress local = InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) n});
        DatagramSocket socket = opened(new DatagramSocket(0, local));
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static void send(DatagramSocket socket, LinkFixture link, PacketType type, int id) throws IOException {
        ByteBuffer packet = ByteBuffer.allocate(20);
        PacketWriter.header(packet, type, id, 0, 0, 1 << 20, 1, 0);
        socket.send(new DatagramPacket(packet.array(), 20, link.address));
    }

    /** The type of what comes next; null for silence. */
    private static @Nullable Integer receive(DatagramSocket socket) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
        try {
            socket.receive(packet);
            assertTrue(packet.getLength() <= 20, "no answer is larger than the question");
            return packet.getData()[0] >> 4;
        } catch (SocketTimeoutException e) {
            return null;
        }
    }

    private LinkFixture realLink(StrangerConfig strangers) throws Exception {
        return opened(new LinkFixture(LinkNetwork.standard(), config(strangers), this::loops));
    }

    @Test
    void udpSpeaksOnlyWithAddressesOfClients() throws Exception {
        LinkFixture link = realLink(StrangerConfig.DEFAULT);
        DatagramSocket stranger = udp(5);
        DatagramSocket early = udp(1);
        send(stranger, link, PacketType.SYN, 10);
        send(stranger, link, PacketType.DATA, 20);
        send(early, link, PacketType.DATA, 20);
        send(early, link, PacketType.SYN, 10);
        // A stranger's TCP connection makes no difference.
        call(link).getOutputStream().write(ClientHellos.unmarked());
        assertEquals(Refusal.STRANGER, link.nextRefusal());
        Socket client = call(link);
        client.getOutputStream().write(ClientHellos.marked());
        assertEquals(2, receive(early), "the SYN that came early is answered with STATE, and it first");
        send(early, link, PacketType.DATA, 30);
        assertEquals(3, receive(early), "RESET, as anywhere");
        stranger.setSoTimeout(SILENCE_MILLIS);
        assertNull(receive(stranger));
        // The client goes, and its address with it.
        client.close();
        Eventually.holds("the client is gone", () -> link.onServer(link.server::halfOpenCount) == 0);
        send(early, link, PacketType.SYN, 50);
        send(early, link, PacketType.DATA, 60);
        early.setSoTimeout(SILENCE_MILLIS);
        assertNull(receive(early));
    }

    @Test
    void udpSpeaksWithAnybodyWhereItIsToldTo() throws Exception {
        LinkFixture link = realLink(StrangerConfig.DEFAULT.withAnyUdpSource(true));
        DatagramSocket stranger = udp(5);
        send(stranger, link, PacketType.SYN, 10);
        assertEquals(2, receive(stranger));
        send(stranger, link, PacketType.DATA, 20);
        assertEquals(3, receive(stranger));
    }

    /** Nothing of a client is left that would make its address known. */
    @Test
    void anAddressIsForgottenWithItsLastSession() throws Exception {
        LinkFixture link = realLink(StrangerConfig.DEFAULT);
        PatternUser server = PatternUser.server(0);
        link.serverUser = () -> server;
        PatternUser client = new PatternUser(1, 2, 1_000, false);
        Session session = link.dial(LinkConfig.DEFAULT, client);
        Eventually.holds("a session", () -> link.onServer(link.server::sessionCount) == 1);
        DatagramSocket beside = udp(1);
        send(beside, link, PacketType.SYN, 10);
        assertEquals(2, receive(beside));
        link.onClient(() -> {
            session.reset(ResetReason.UNSPECIFIED);
            return true;
        });
        Eventually.holds("no session", () -> link.onServer(link.server::sessionCount) == 0);
        Eventually.holds("no connection", () -> {
            send(beside, link, PacketType.DATA, 40);
            beside.setSoTimeout(SILENCE_MILLIS);
            return receive(beside) == null;
        });
    }

    /** The same client is IPv4 to one socket and IPv4 within IPv6 to the other. */
    @Test
    void aServerOnAllAddressesKnowsAnIpv4Client() throws Exception {
        LinkFixture unused = realLink(StrangerConfig.DEFAULT);
        LinkServer server = new LinkServer(
                unused.serverLoop, unused.serverTotals, LinkFixture.IDENTITY, LinkConfig.DEFAULT, unused);
        InetSocketAddress bound = await(server.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 0)));
        DatagramSocket early = udp(1);
        ByteBuffer syn = ByteBuffer.allocate(20);
        PacketWriter.header(syn, PacketType.SYN, 10, 0, 0, 1 << 20, 1, 0);
        InetAddress target = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        early.send(new DatagramPacket(syn.array(), 20, target, bound.getPort()));
        try (Socket client = new Socket(target, bound.getPort())) {
            client.getOutputStream().write(ClientHellos.marked());
            assertEquals(2, receive(early));
        }
        await(server.close());
    }
}
