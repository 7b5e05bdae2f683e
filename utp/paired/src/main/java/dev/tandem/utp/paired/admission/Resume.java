package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.SessionId;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.session.ResumePoint;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * The client's first frame on a TLS connection for a session that exists: version (1), counter (4), identifier (16), attempt
 * (4), next (8), limit (8), proof of the bridge's secret (32), proof of the session's (32), options.
 *
 * @param counter higher than in every RESUME of this session before
 * @param point where the client stands
 * @param proof that the client knows the bridge's secret, for this TLS session
 * @param sessionProof that it knows the resumption secret, over the fields before, for this TLS session
 */
@SuppressWarnings("ArrayRecordComponent") // read once, and compared in constant time, never by equals
public record Resume(int counter, SessionId id, ResumePoint point, byte[] proof, byte[] sessionProof) {
    private static final int SAID_LENGTH = 1 + 4 + SessionId.LENGTH + 4 + 8 + 8;
    private static final int FIXED_LENGTH = SAID_LENGTH + 2 * LinkKeys.PROOF_LENGTH;

    /**
     * What a client says and proves.
     *
     * @param session the keys of the session
     * @param fresh those of the new TLS session
     */
    public static Resume of(int counter, SessionId id, ResumePoint point, LinkKeys session, LinkKeys fresh) {
        return new Resume(counter, id, point, fresh.proof(), session.resumeProof(fresh, said(counter, id, point)));
    }

    /** Whether the client knows the resumption secret of the session. Constant time. */
    public boolean proves(LinkKeys session, LinkKeys fresh) {
        return MessageDigest.isEqual(session.resumeProof(fresh, said(counter, id, point)), sessionProof);
    }

    private static byte[] said(int counter, SessionId id, ResumePoint point) {
        return ByteBuffer.allocate(SAID_LENGTH)
                .put((byte) Hello.VERSION)
                .putInt(counter)
                .put(id.bytes())
                .putInt(point.attempt())
                .putLong(point.next())
                .putLong(point.limit())
                .array();
    }

    /** Appends the whole frame. */
    public void write(ByteBuf out) {
        out.writeByte(Frames.RESUME).writeShort(FIXED_LENGTH);
        out.writeBytes(said(counter, id, point)).writeBytes(proof).writeBytes(sessionProof);
    }

    /** Reads the body of the frame. */
    public static Resume read(ByteBuf body) throws MalformedFrameException {
        if (body.readableBytes() < FIXED_LENGTH) {
            throw new MalformedFrameException("no RESUME");
        }
        if (body.readUnsignedByte() != Hello.VERSION) {
            throw new MalformedFrameException("RESUME of another version");
        }
        int counter = body.readInt();
        byte[] id = new byte[SessionId.LENGTH];
        body.readBytes(id);
        ResumePoint point = Resumed.readPoint(body);
        byte[] proof = new byte[LinkKeys.PROOF_LENGTH];
        body.readBytes(proof);
        byte[] sessionProof = new byte[LinkKeys.PROOF_LENGTH];
        body.readBytes(sessionProof);
        Options.skip(body);
        if (counter <= 0) {
            throw new MalformedFrameException("RESUME out of range");
        }
        return new Resume(counter, new SessionId(id), point, proof, sessionProof);
    }

    @Override
    public String toString() {
        return "Resume[counter=" + counter + ", " + point + "]";
    }
}
