package dev.tandem.utp.paired.admission;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.session.Frames;
import dev.tandem.utp.paired.session.MalformedFrameException;
import dev.tandem.utp.paired.session.ResumePoint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** RESUME and its answers, as bytes. */
class ResumeTest {
    private static final ResumePoint POINT = new ResumePoint(3, 1L << 40, (1L << 40) + 5);

    /** Keys of a TLS session that exports this. */
    private static LinkKeys keys(String exported) {
        return LinkKeys.derive(
                (label, length) -> Arrays.copyOf((label + exported).getBytes(StandardCharsets.US_ASCII), length),
                new byte[32]);
    }

    private static LinkKeys session() {
        return keys("first");
    }

    private static ByteBuf body(int fixed) {
        ByteBuf frame = Unpooled.buffer();
        Resume.of(7, session().sessionId(), POINT, session(), keys("second")).write(frame);
        assertEquals(Frames.RESUME, frame.readUnsignedByte());
        assertEquals(fixed, frame.readUnsignedShort());
        return frame;
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        Resume resume = Resume.read(body(105));
        assertEquals(7, resume.counter());
        assertEquals(session().sessionId(), resume.id());
        assertEquals(POINT, resume.point());
        assertArrayEquals(keys("second").proof(), resume.proof());
        assertTrue(resume.proves(session(), keys("second")));
        assertFalse(resume.toString().contains(Arrays.toString(resume.proof())));
    }

    @Test
    void everyByteOfWhatIsSaidIsUnderTheProof() throws Exception {
        for (int i = 1; i < 41; i++) {
            ByteBuf body = body(105);
            int at = body.readerIndex() + i;
            body.setByte(at, body.getByte(at) ^ 1);
            try {
                assertFalse(Resume.read(body).proves(session(), keys("second")), "byte " + i);
            } catch (MalformedFrameException e) {
                // Not even looked at.
            }
        }
    }

    @Test
    void rangesAreChecked() {
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).setByte(3, 2)), "version");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).setInt(4, 0)), "counter");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).setInt(4, -1)), "counter");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).setInt(24, -2)), "attempt");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).setLong(28, -1)), "next");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).setLong(36, 1L << 62)), "limit");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).readSlice(104)), "length");
        assertThrows(MalformedFrameException.class, () -> Resume.read(body(105).writeByte(0)), "option");
    }

    @Test
    void answersAreRead() throws Exception {
        ByteBuf frame = Unpooled.buffer();
        new Resumed(POINT).write(frame);
        assertEquals(
                POINT,
                Resumed.read(frame.readUnsignedByte(), frame.skipBytes(2)).point());
        new Resumed(null).write(frame);
        assertNull(Resumed.read(frame.readUnsignedByte(), frame.skipBytes(2)).point());
        assertThrows(
                MalformedFrameException.class,
                () -> Resumed.read(Frames.RESUMED, Unpooled.buffer().writeByte(1)));
        assertThrows(
                MalformedFrameException.class,
                () -> Resumed.read(Frames.UNKNOWN_SESSION, Unpooled.buffer().writeByte(2)));
        assertThrows(
                MalformedFrameException.class,
                () -> Resumed.read(Frames.WELCOME, Unpooled.buffer().writeByte(1)));
        assertThrows(MalformedFrameException.class, () -> Resumed.read(Frames.UNKNOWN_SESSION, Unpooled.buffer()));
    }
}
