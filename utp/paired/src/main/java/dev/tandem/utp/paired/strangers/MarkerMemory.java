package dev.tandem.utp.paired.strangers;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The markers that came, each for as long as it could be good: who brings one again is not a client. Of each its first 8
 * bytes are kept, 28 bytes at most with what finds them. They are the output of an HMAC with a secret key, so that nobody
 * chooses where they lie, and two of 65,536 are alike by chance once in 2^32 such tables.
 *
 * <p>At the bound the oldest is forgotten. Only who has the secret can bring so many; to refuse the newest instead would let
 * one such client shut out all others for hours, while a marker forgotten early lets a replay reach TLS, where it fails for
 * want of the proof.
 */
final class MarkerMemory {
    /** One is good for the hour in it and the hours beside that one. */
    private static final int HOURS = 3;

    private static final int FIRST_CAPACITY = 64;
    private static final long EMPTY = 0;

    private final int max;
    /** A ring, oldest first: the marker's bytes and the hour in which it came. */
    private long[] order = new long[FIRST_CAPACITY];

    private int[] hours = new int[FIRST_CAPACITY];
    private int first;
    private int size;
    /** Open addressing, twice as long as the ring, so never more than half full. */
    private long[] table = new long[2 * FIRST_CAPACITY];

    private long forgotten;

    /** @param max most markers remembered, 1 or more */
    MarkerMemory(int max) {
        if (max < 1) {
            throw new IllegalArgumentException("there must be room for one marker");
        }
        this.max = max;
    }

    int size() {
        return size;
    }

    /** Markers that were forgotten before their time, because there were too many. */
    long forgotten() {
        return forgotten;
    }

    /**
     * Remembers a marker.
     *
     * @param hour now
     * @return whether it is new
     */
    boolean add(byte[] marker, int hour) {
        while (size > 0 && hour - hours[first] >= HOURS) {
            removeOldest();
        }
        long key = ByteBuffer.wrap(marker).getLong();
        if (key == EMPTY) {
            key = 1;
        }
        int slot = slotOf(key);
        if (table[slot] == key) {
            return false;
        }
        if (size == max) {
            removeOldest();
            forgotten++;
        }
        if (size == order.length) {
            grow();
        }
        int last = (first + size) & (order.length - 1);
        order[last] = key;
        hours[last] = hour;
        size++;
        table[slotOf(key)] = key;
        return true;
    }

    /** Where a key is, or would be. */
    private int slotOf(long key) {
        int mask = table.length - 1;
        int slot = (int) key & mask;
        while (table[slot] != EMPTY && table[slot] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void removeOldest() {
        int mask = table.length - 1;
        int hole = slotOf(order[first]);
        first = (first + 1) & (order.length - 1);
        size--;
        // Those behind the hole that would not be found across it move into it.
        for (int slot = (hole + 1) & mask; table[slot] != EMPTY; slot = (slot + 1) & mask) {
            int home = (int) table[slot] & mask;
            if (((slot - home) & mask) >= ((slot - hole) & mask)) {
                table[hole] = table[slot];
                hole = slot;
            }
        }
        table[hole] = EMPTY;
    }

    private void grow() {
        int capacity = order.length;
        long[] longerOrder = Arrays.copyOf(order, 2 * capacity);
        int[] longerHours = Arrays.copyOf(hours, 2 * capacity);
        // What had wrapped follows the rest now.
        System.arraycopy(order, 0, longerOrder, capacity, first);
        System.arraycopy(hours, 0, longerHours, capacity, first);
        order = longerOrder;
        hours = longerHours;
        table = new long[4 * capacity];
        for (int i = 0; i < size; i++) {
            long key = order[first + i];
            table[slotOf(key)] = key;
        }
    }
}
