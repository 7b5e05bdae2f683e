package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.session.MalformedFrameException;
import io.netty.buffer.ByteBuf;

/** Options at the end of HELLO, WELCOME and the like: type (2), length (2), value. */
final class Options {
    /** Options of this type or above may be ignored. */
    private static final int IGNORABLE = 0x8000;

    /** In HELLO only, and empty: the session is a measurement ({@code LINK.md}, section 15). */
    private static final int MEASURE = 0x0001;
    /** Of an option without a value. */
    static final int EMPTY_LENGTH = 4;

    private Options() {}

    /** Appends MEASURE. */
    static void writeMeasure(ByteBuf out) {
        out.writeShort(MEASURE).writeShort(0);
    }

    /** Reads those of HELLO to the end of the buffer, and returns whether MEASURE is among them. */
    static boolean readMeasure(ByteBuf in) throws MalformedFrameException {
        return read(in, true);
    }

    /** Reads to the end of the buffer, where no option is defined. */
    static void skip(ByteBuf in) throws MalformedFrameException {
        read(in, false);
    }

    private static boolean read(ByteBuf in, boolean mayMeasure) throws MalformedFrameException {
        boolean measure = false;
        while (in.isReadable()) {
            if (in.readableBytes() < EMPTY_LENGTH) {
                throw new MalformedFrameException("an option cut off");
            }
            int type = in.readUnsignedShort();
            int length = in.readUnsignedShort();
            if (length > in.readableBytes()) {
                throw new MalformedFrameException("an option cut off");
            }
            if (type == MEASURE && mayMeasure) {
                if (length != 0 || measure) {
                    throw new MalformedFrameException("MEASURE with a value, or twice");
                }
                measure = true;
            } else if (type < IGNORABLE) {
                throw new MalformedFrameException("option of unknown type " + type);
            }
            in.skipBytes(length);
        }
        return measure;
    }
}
