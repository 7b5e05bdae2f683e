package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.ResetReason;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The server's first frame: version (1), limit (8), options.
 *
 * @param limit how far the client may send
 */
public record Welcome(long limit) {
    private static final int FIXED_LENGTH = 1 + 8;

    /** Appends the whole frame. */
    public void write(ByteBuf out) {
        out.writeByte(Frames.WELCOME).writeShort(FIXED_LENGTH);
        out.writeByte(Hello.VERSION).writeLong(limit);
    }

    /**
     * Reads what may stand in WELCOME's place: RESET, by which a server that knows the client says why it does not take it.
     *
     * @return the reason; null if the frame is no RESET
     */
    public static @Nullable ResetReason readRefusal(int type, ByteBuf body) throws MalformedFrameException {
        if (type != Frames.RESET) {
            return null;
        }
        if (body.readableBytes() != Character.BYTES) {
            throw new MalformedFrameException("RESET of a wrong length");
        }
        return ResetReason.ofCode(body.readUnsignedShort());
    }

    /** Reads the body of the frame. */
    public static Welcome read(int type, ByteBuf body) throws MalformedFrameException {
        if (type != Frames.WELCOME || body.readableBytes() < FIXED_LENGTH) {
            throw new MalformedFrameException("no WELCOME");
        }
        if (body.readUnsignedByte() != Hello.VERSION) {
            throw new MalformedFrameException("WELCOME of another version");
        }
        long limit = body.readLong();
        if (limit < 0) {
            throw new MalformedFrameException("WELCOME out of range");
        }
        Options.skip(body);
        return new Welcome(limit);
    }
}
