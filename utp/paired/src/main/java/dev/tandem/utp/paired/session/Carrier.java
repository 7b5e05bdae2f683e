package dev.tandem.utp.paired.session;

import dev.tandem.utp.paired.CarrierKind;
import io.netty.buffer.ByteBuf;

/** One carrier, as the session sees it: reliable, in order, and gone at any moment. */
public interface Carrier {
    CarrierKind kind();

    /** Whether it will take more soon; when that becomes true, {@link SessionCore#handleWritable} is called. */
    boolean isWritable();

    /** Most bytes of one {@link #write}. At most {@link Frames#MAX_FRAME}. */
    int maxWriteBytes();

    /** Takes over whole frames, which become one record. Taken even when not writable. */
    void write(ByteBuf frames);

    void flush();

    /** Ends it in order, behind what was written. Nothing is received from it after this. */
    void close();

    /** Ends it at once. */
    void abort();
}
