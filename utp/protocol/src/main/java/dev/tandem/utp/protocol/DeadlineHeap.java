package dev.tandem.utp.protocol;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Connections ordered by their deadline: a binary heap in which each knows its place, so that it can move. */
final class DeadlineHeap {
    private Connection[] heap = new Connection[16];
    private int size;

    /** The connection with the earliest deadline, or null. */
    @Nullable
    Connection first() {
        return size == 0 ? null : heap[0];
    }

    /** Puts a connection in its place, or takes it out if it has no deadline. */
    void update(Connection connection, long deadline) {
        if (deadline == Endpoint.NO_TIMEOUT) {
            remove(connection);
            return;
        }
        if (connection.heapIndex < 0) {
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            connection.heapDeadline = deadline;
            place(connection, size++);
            siftUp(connection);
            return;
        }
        long before = connection.heapDeadline;
        connection.heapDeadline = deadline;
        if (deadline - before < 0) {
            siftUp(connection);
        } else {
            siftDown(connection);
        }
    }

    void remove(Connection connection) {
        int index = connection.heapIndex;
        if (index < 0) {
            return;
        }
        connection.heapIndex = -1;
        Connection last = heap[--size];
        if (last != connection) {
            place(last, index);
            siftUp(last);
            siftDown(last);
        }
    }

    private void siftUp(Connection connection) {
        int index = connection.heapIndex;
        while (index > 0) {
            int parent = (index - 1) >>> 1;
            if (!isEarlier(connection, heap[parent])) {
                break;
            }
            place(heap[parent], index);
            index = parent;
        }
        place(connection, index);
    }

    private void siftDown(Connection connection) {
        int index = connection.heapIndex;
        while (true) {
            int child = 2 * index + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && isEarlier(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isEarlier(heap[child], connection)) {
                break;
            }
            place(heap[child], index);
            index = child;
        }
        place(connection, index);
    }

    private void place(Connection connection, int index) {
        heap[index] = connection;
        connection.heapIndex = index;
    }

    private static boolean isEarlier(Connection a, Connection b) {
        return a.heapDeadline - b.heapDeadline < 0;
    }
}
