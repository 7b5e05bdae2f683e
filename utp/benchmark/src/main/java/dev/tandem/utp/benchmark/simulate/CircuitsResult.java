package dev.tandem.utp.benchmark.simulate;

import dev.tandem.utp.benchmark.simulate.Samples.Quantiles;

/**
 * What one run of one client with several circuits has shown, in its measured two thirds.
 *
 * @param bulk circuits that always have cells to send
 * @param interactive circuits with a cell now and then
 * @param connections {@code one} for all circuits, or {@code each}: one for each
 * @param rival whether another user downloads over the same line, on one connection
 * @param congestion controller of all connections
 * @param goodputMbit cells that came on all circuits, in Mbit/s
 * @param rivalMbit what the other user got, in Mbit/s; 0 if there is none
 * @param share of what both users got, ours, 0 to 1; with equal users a half is fair. 1 if there is no rival
 * @param cellMs from a cell's coming to the bridge to its arrival at the client, for the interactive circuits, in ms; the empty
 *     path takes {@value CircuitsRun#DELAY_MILLIS}
 */
record CircuitsResult(
        int bulk,
        int interactive,
        String connections,
        boolean rival,
        String congestion,
        double goodputMbit,
        double rivalMbit,
        double share,
        Quantiles cellMs) {}
