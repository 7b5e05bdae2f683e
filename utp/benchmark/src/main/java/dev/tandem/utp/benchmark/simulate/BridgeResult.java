package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.benchmark.simulate.Samples.Quantiles;

/**
 * What one run of many clients and a bridge has shown, in its measured two thirds. Goodput is bytes of cells that came, in
 * Mbit (10⁶ bit) a second of virtual time.
 *
 * @param sessions clients
 * @param bridgeMbit rate of the bridge's line in each direction, in Mbit/s
 * @param transport {@code utp-bbr}, {@code utp-cubic}, {@code utp-ledbat}, {@code utp-ledbat++} or {@code tls}
 * @param goodputMbit of all clients together
 * @param bulk of the bulk clients
 * @param interactive of the interactive ones
 * @param bottleneck the bridge's line toward the clients
 * @param retransmittedShare of the packets that the bridge sent, those that it sent again, over the whole run, 0 to 1
 * @param carriers how the sessions fared
 * @param cost of the simulation; the only part that differs from run to run
 */
record BridgeResult(
        int sessions,
        double bridgeMbit,
        String transport,
        double goodputMbit,
        Bulk bulk,
        Interactive interactive,
        Line bottleneck,
        double retransmittedShare,
        Carriers carriers,
        Cost cost) {
    /**
     * @param clients how many there are
     * @param goodputMbit of all of them
     * @param clientMbit of each
     * @param fairness Jain's index of these
     * @param accessShare of each, the part of its own access link's rate that its goodput is
     */
    record Bulk(int clients, double goodputMbit, Quantiles clientMbit, double fairness, Quantiles accessShare) {}

    /**
     * @param clients how many there are
     * @param goodputMbit of all of them
     * @param requests asked for while measuring
     * @param answered of these, those whose answer came before the end of the run
     * @param firstByteMs from asking to the first byte of the answer, in ms, of those answered
     * @param lastByteMs from asking to the last byte, in ms
     */
    record Interactive(
            int clients, double goodputMbit, int requests, int answered, Quantiles firstByteMs, Quantiles lastByteMs) {}

    /**
     * @param queueMs how long a packet would wait, looked at each 10 ms, in ms
     * @param droppedShare of the packets, those that found the queue full, over the whole run, 0 to 1
     * @param use part of the rate that was used, headers of IP included, over the whole run, 0 to 1
     */
    record Line(Quantiles queueMs, double droppedShare, double use) {}

    /**
     * @param alive sessions that were open at the end, at both ends
     * @param onUtp bridge's ends that sent on µTP then
     * @param changes of the sending carrier, of all bridge's ends
     * @param tlsRedials how often a client gave up TLS and dialled it again, which is not modelled and so fails
     */
    record Carriers(int alive, int onUtp, long changes, long tlsRedials) {}

    /**
     * @param wallSeconds real time, set-up included
     * @param cpuSeconds processor time of the one thread, set-up included
     * @param virtualSeconds virtual time
     * @param events datagrams, deadlines and turns of users
     * @param datagrams sent by the bridge and the clients
     * @param heapBytesPerSession memory at the end, both ends of a session and its links included; garbage is collected before
     */
    record Cost(
            double wallSeconds,
            double cpuSeconds,
            int virtualSeconds,
            long events,
            long datagrams,
            long heapBytesPerSession) {}
}
