package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tandem.utp.paired.crypto.LinkKeys;
import dev.tandem.utp.paired.crypto.PairingKeys;
import dev.tandem.utp.paired.crypto.SealedRecords;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Arrays;

/** Records that somebody else made, or altered. */
class RecordsFuzzTest {
    private static PairingKeys keys() {
        return LinkKeys.derive((label, length) -> new byte[length], new byte[32])
                .pairing(0);
    }

    /** The input is what an attacker puts on the wire; or, by its first byte, where one of our records is altered, and how. */
    @FuzzTest(maxDuration = "4s")
    void opensItsOwnAndNoOther(byte[] input) {
        if (input.length < 3) {
            return;
        }
        PairingKeys sealing = keys();
        PairingKeys opening = keys();
        EmbeddedChannel sender = new EmbeddedChannel(
                new SealedRecordHandler(new SealedRecords(sealing.clientToServer(), sealing.serverToClient()), null));
        Spoils spoils = new Spoils();
        EmbeddedChannel receiver = new EmbeddedChannel(
                new SealedRecordHandler(new SealedRecords(opening.serverToClient(), opening.clientToServer()), null),
                spoils);
        byte[] plain = Arrays.copyOfRange(input, 2, input.length);
        sender.writeOutbound(Unpooled.copiedBuffer(plain));
        ByteBuf sealed = sender.readOutbound();
        byte[] wire = ByteBufUtil.getBytes(sealed);
        sealed.release();
        boolean forged = input[0] < 0;
        boolean altered = input[1] != 0;
        if (forged) {
            wire = plain;
        } else if (altered) {
            wire[(input[0] * 131) % wire.length] ^= input[1];
        }
        int step = 1 + (input[0] & 0x3f) * 7;
        for (int at = 0; at < wire.length && receiver.isOpen(); at += step) {
            receiver.writeInbound(Unpooled.copiedBuffer(wire, at, Math.min(step, wire.length - at)));
        }
        ByteBuf opened = receiver.readInbound();
        if (!forged && !altered) {
            assertArrayEquals(plain, ByteBufUtil.getBytes(opened));
            opened.release();
            assertEquals(0, spoils.count);
        } else {
            assertEquals(null, opened, "something opened that we did not seal");
        }
        sender.finishAndReleaseAll();
        receiver.finishAndReleaseAll();
    }

    private static final class Spoils extends ChannelInboundHandlerAdapter {
        int count;

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SealedRecordHandler.Spoiled) {
                count++;
            }
        }
    }
}
