package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.session.ResumePoint;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The server's answer to RESUME. RESUMED: version (1), attempt (4), next (8), limit (8), options. UNKNOWN_SESSION: version
 * (1), options.
 *
 * @param point where the server stands; null if it does not have the session
 */
public record Resumed(@Nullable ResumePoint point) {
    private static final int POINT_LENGTH = 4 + 8 + 8;

    /** Appends the whole frame. */
    public void write(ByteBuf out) {
        if (point == null) {
            out.writeByte(Frames.UNKNOWN_SESSION).writeShort(1).writeByte(Hello.VERSION);
        } else {
            out.writeByte(Frames.RESUMED).writeShort(1 + POINT_LENGTH).writeByte(Hello.VERSION);
            out.writeInt(point.attempt()).writeLong(point.next()).writeLong(point.limit());
        }
    }

    /** Reads the body of the frame. */
    public static Resumed read(int type, ByteBuf body) throws MalformedFrameException {
        int least = type == Frames.RESUMED ? 1 + POINT_LENGTH : 1;
        if ((type != Frames.RESUMED && type != Frames.UNKNOWN_SESSION) || body.readableBytes() < least) {
            throw new MalformedFrameException("no answer to RESUME");
        }
        if (body.readUnsignedByte() != Hello.VERSION) {
            throw new MalformedFrameException("an answer to RESUME of another version");
        }
        Resumed resumed = new Resumed(type == Frames.RESUMED ? readPoint(body) : null);
        Options.skip(body);
        return resumed;
    }

    static ResumePoint readPoint(ByteBuf in) throws MalformedFrameException {
        ResumePoint point = new ResumePoint(in.readInt(), in.readLong(), in.readLong());
        if (point.attempt() < ResumePoint.NO_UTP || !Frames.isOffset(point.next()) || !Frames.isOffset(point.limit())) {
            throw new MalformedFrameException("offset or attempt out of range");
        }
        return point;
    }
}
