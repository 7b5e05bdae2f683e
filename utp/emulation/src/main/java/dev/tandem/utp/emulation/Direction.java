package dev.tandem.utp.emulation;

import dev.tandem.utp.simulation.Link;
import dev.tandem.utp.simulation.LinkConditions;
import dev.tandem.utp.simulation.LinkEvent;
import dev.tandem.utp.simulation.LinkStats;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One direction in real time: a thread takes packets from one device and puts them onto the link, another hands them to the
 * other device when they are due.
 */
final class Direction {
    /** No IP packet of ours is larger: the devices have the usual MTU. */
    private static final int MAX_PACKET_BYTES = 65_535;

    private static final int IP_PROTOCOL_TCP = 6;
    private static final int IP_PROTOCOL_UDP = 17;

    private final ReadableByteChannel from;
    private final WritableByteChannel to;
    private final LongSupplier clock;
    private final Link<byte[]> link;
    private final DelayHistogram queueing = new DelayHistogram();
    private final DelayHistogram lateness = new DelayHistogram();

    /** Guards the link and what is counted; a link is made for one thread. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition sooner = lock.newCondition();
    private long wakeNanos = Link.NO_EVENT;
    private final TcpFlows tcpFlows = new TcpFlows();
    private boolean tcpBlocked;
    private boolean udpBlocked;
    /** Of UDP, as far as it was not blocked. */
    private long udpBytes;

    /** Whether the packet just sent never came as far as the queue's end. */
    private boolean dropped;

    private long refused;

    Direction(
            ReadableByteChannel from,
            WritableByteChannel to,
            LinkConditions conditions,
            long seed,
            LongSupplier clock) {
        this.from = from;
        this.to = to;
        this.clock = clock;
        this.link = new Link<>(conditions, seed, packet -> packet.length);
        link.dropIf(this::isBlocked);
        link.listen((now, event, nr, bytes) -> dropped |= event == LinkEvent.DROPPED_BY_QUEUE
                || event == LinkEvent.DROPPED_BY_MTU
                || event == LinkEvent.DROPPED_BY_SCRIPT);
        link.copyWith(byte[]::clone);
    }

    /** Takes packets until the device is gone. */
    void read() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_PACKET_BYTES);
        while (from.read(buffer.clear()) >= 0) {
            byte[] packet = new byte[buffer.flip().remaining()];
            buffer.get(packet);
            take(packet);
        }
    }

    private void take(byte[] packet) {
        lock.lock();
        try {
            long now = clock.getAsLong();
            long waits = link.queueDelayNanos(now);
            dropped = false;
            if (!isBlocked(packet)) {
                tcpFlows.onPacket(packet);
                udpBytes += protocol(packet) == IP_PROTOCOL_UDP ? packet.length : 0;
            }
            link.send(now, packet);
            if (!dropped) {
                queueing.add(waits);
            }
            if (link.nextDeliveryNanos() < wakeNanos) {
                sooner.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Hands packets on until this thread is interrupted. */
    void write() throws InterruptedException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_PACKET_BYTES);
        while (true) {
            if (!writeOne(buffer)) {
                awaitDue();
            }
        }
    }

    /** Hands on the next packet, if one is due. */
    boolean writeOne(ByteBuffer buffer) {
        byte @Nullable [] packet = poll();
        if (packet == null) {
            return false;
        }
        buffer.clear().put(packet).flip();
        try {
            to.write(buffer);
        } catch (IOException e) {
            // The far device may be down for a moment, as a network is; what was lost is counted.
            countRefused();
        }
        return true;
    }

    private byte @Nullable [] poll() {
        lock.lock();
        try {
            long now = clock.getAsLong();
            long due = link.nextDeliveryNanos();
            byte @Nullable [] packet = link.poll(now);
            if (packet != null) {
                lateness.add(now - due);
            }
            return packet;
        } finally {
            lock.unlock();
        }
    }

    private void awaitDue() throws InterruptedException {
        lock.lock();
        try {
            for (long now; (now = clock.getAsLong()) < link.nextDeliveryNanos(); ) {
                wakeNanos = link.nextDeliveryNanos();
                if (wakeNanos == Link.NO_EVENT) {
                    sooner.await();
                } else {
                    sooner.awaitNanos(wakeNanos - now);
                }
            }
            wakeNanos = Long.MIN_VALUE;
        } finally {
            lock.unlock();
        }
    }

    private void countRefused() {
        lock.lock();
        try {
            refused++;
        } finally {
            lock.unlock();
        }
    }

    /** The path is another from now on. */
    void change(LinkConditions conditions) {
        lock.lock();
        try {
            link.change(clock.getAsLong(), conditions);
            sooner.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Drops all UDP from now on, as some firewalls do, or no more. */
    void blockUdp(boolean blocked) {
        lock.lock();
        try {
            udpBlocked = blocked;
        } finally {
            lock.unlock();
        }
    }

    /** Drops all TCP from now on, or no more. */
    void blockTcp(boolean blocked) {
        lock.lock();
        try {
            tcpBlocked = blocked;
        } finally {
            lock.unlock();
        }
    }

    /** Tells the receivers of all TCP connections (IPv4), behind what is on its way to them, that they are reset. */
    void resetTcp() {
        lock.lock();
        try {
            tcpFlows.resets().forEach(reset -> link.send(clock.getAsLong(), reset));
            sooner.signal();
        } finally {
            lock.unlock();
        }
    }

    /** What has happened so far, as a JSON object. */
    String stats() {
        lock.lock();
        try {
            LinkStats stats = link.stats();
            StringBuilder json = new StringBuilder("{\"sent\":").append(stats.sent());
            json.append(",\"sentBytes\":").append(stats.sentBytes());
            json.append(",\"delivered\":").append(stats.delivered());
            json.append(",\"deliveredBytes\":").append(stats.deliveredBytes());
            json.append(",\"lost\":").append(stats.lost());
            json.append(",\"droppedByQueue\":").append(stats.droppedByQueue());
            json.append(",\"droppedByMtu\":").append(stats.droppedByMtu());
            json.append(",\"blocked\":").append(stats.droppedByScript());
            json.append(",\"udpBytes\":").append(udpBytes);
            json.append(",\"refused\":").append(refused);
            json.append(",\"queued\":").append(queueing.count());
            json.append(",\"queueingNanos\":").append(queueing.totalNanos());
            json.append(",\"queueingMillis\":");
            queueing.appendTo(json);
            json.append(",\"latenessNanos\":").append(lateness.totalNanos());
            json.append(",\"latenessMillis\":");
            lateness.appendTo(json);
            return json.append('}').toString();
        } finally {
            lock.unlock();
        }
    }

    private boolean isBlocked(byte[] packet) {
        int protocol = protocol(packet);
        return (udpBlocked && protocol == IP_PROTOCOL_UDP) || (tcpBlocked && protocol == IP_PROTOCOL_TCP);
    }

    /** That of IP's payload; -1 if there is none. */
    private static int protocol(byte[] packet) {
        if (packet.length < 20) {
            return -1;
        }
        int version = packet[0] >> 4 & 0xf;
        return packet[version == 6 ? 6 : 9];
    }
}
