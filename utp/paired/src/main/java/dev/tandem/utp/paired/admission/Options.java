package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.session.MalformedFrameException;
import io.netty.buffer.ByteBuf;

/** Options at the end of HELLO and WELCOME: type (2), length (2), value. None is defined yet. */
final class Options {
    /** Options of this type or above may be ignored. */
    private static final int IGNORABLE = 0x8000;

    private Options() {}

    /** Reads to the end of the buffer. */
    static void skip(ByteBuf in) throws MalformedFrameException {
        while (in.isReadable()) {
            if (in.readableBytes() < 4) {
                throw new MalformedFrameException("an option cut off");
            }
            int type = in.readUnsignedShort();
            int length = in.readUnsignedShort();
            if (length > in.readableBytes()) {
                throw new MalformedFrameException("an option cut off");
            }
            if (type < IGNORABLE) {
                throw new MalformedFrameException("option of unknown type " + type);
            }
            in.skipBytes(length);
        }
    }
}
