package dev.tandem.utp.paired.admission;

import dev.tandem.utp.paired.CarrierPolicy;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import io.netty.buffer.ByteBuf;

/**
 * The client's first frame: version (1), policy (1), limit (8), proof (32), options.
 *
 * @param limit how far the server may send
 * @param proof that the client knows the bridge's secret, for this TLS session
 * @param measure whether the session is a measurement, and leads to nothing behind the server
 */
@SuppressWarnings("ArrayRecordComponent") // read once, and compared in constant time, never by equals
public record Hello(CarrierPolicy policy, long limit, byte[] proof, boolean measure) {
    public static final int VERSION = 1;

    private static final int FIXED_LENGTH = 2 + 8 + LinkKeys.PROOF_LENGTH;

    /** Appends the whole frame. */
    public void write(ByteBuf out) {
        out.writeByte(Frames.HELLO).writeShort(FIXED_LENGTH + (measure ? Options.EMPTY_LENGTH : 0));
        out.writeByte(VERSION).writeByte(policy.code()).writeLong(limit).writeBytes(proof);
        if (measure) {
            Options.writeMeasure(out);
        }
    }

    /** Reads the body of the frame. */
    public static Hello read(int type, ByteBuf body) throws MalformedFrameException {
        if (type != Frames.HELLO || body.readableBytes() < FIXED_LENGTH) {
            throw new MalformedFrameException("no HELLO");
        }
        if (body.readUnsignedByte() != VERSION) {
            throw new MalformedFrameException("HELLO of another version");
        }
        CarrierPolicy policy = CarrierPolicy.ofCode(body.readUnsignedByte());
        long limit = body.readLong();
        if (policy == null || limit < 0) {
            throw new MalformedFrameException("HELLO out of range");
        }
        byte[] proof = new byte[LinkKeys.PROOF_LENGTH];
        body.readBytes(proof);
        return new Hello(policy, limit, proof, Options.readMeasure(body));
    }

    @Override
    public String toString() {
        return "Hello[policy=" + policy + ", limit=" + limit + ", measure=" + measure + "]";
    }
}
