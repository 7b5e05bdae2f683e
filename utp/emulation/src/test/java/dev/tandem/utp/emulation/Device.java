package dev.tandem.utp.emulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** A device that neither has nor takes anything. */
class Device implements ByteChannel {
    @Override
    public int read(ByteBuffer buffer) throws IOException {
        return -1;
    }

    @Override
    public int write(ByteBuffer packet) throws IOException {
        throw new IOException("refused");
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {}
}
