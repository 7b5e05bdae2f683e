package dev.tandem.utp.paired;

import dev.tandem.utp.paired.crypto.SealedRecords;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.security.GeneralSecurityException;
import org.jspecify.annotations.Nullable;

/**
 * Seals what is written, one record each, and opens what comes. A record that does not open fires {@link Spoiled} and
 * closes the channel: whoever altered it could alter the next one as well.
 */
@SuppressWarnings("FutureReturnValueIgnored") // channelInactive reports what goes wrong
final class SealedRecordHandler extends ChannelDuplexHandler {
    /**
     * The connection cannot go on.
     *
     * @param detail a single line; no address in it
     */
    record Spoiled(String detail) {}

    private final SealedRecords records;
    /** What the first record follows, on the client: the pairing identifier. */
    private byte @Nullable [] prefix;
    /** The beginning of a record, with room for all of it once its length is known. */
    private @Nullable ByteBuf partial;

    private boolean spoiled;

    SealedRecordHandler(SealedRecords records, byte @Nullable [] prefix) {
        this.records = records;
        this.prefix = prefix;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ByteBuf plain = (ByteBuf) message;
        if (!plain.isReadable()) {
            ctx.write(plain, promise);
            return;
        }
        int before = prefix == null ? 0 : prefix.length;
        int size = before + plain.readableBytes() + SealedRecords.OVERHEAD;
        ByteBuf out = ctx.alloc().heapBuffer(size, size);
        try {
            if (prefix != null) {
                out.writeBytes(prefix);
                prefix = null;
            }
            records.seal(plain, out);
            ctx.write(out.retain(), promise);
        } catch (GeneralSecurityException e) {
            promise.tryFailure(e);
            spoil(ctx, records.isUsedUp() ? "the µTP connection's key is used up" : "a record could not be sealed");
        } finally {
            out.release();
            plain.release();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (in.isReadable() && !spoiled && !ctx.isRemoved()) {
                ByteBuf record = collect(ctx, in);
                if (record != null) {
                    ctx.fireChannelRead(open(record));
                }
            }
        } catch (GeneralSecurityException e) {
            spoil(ctx, "a record on µTP did not open");
        } finally {
            in.release();
        }
    }

    private ByteBuf open(ByteBuf record) throws GeneralSecurityException {
        try {
            return records.open(record);
        } catch (GeneralSecurityException e) {
            record.release();
            throw e;
        }
    }

    /** Moves bytes until a record is whole; null if more are needed. The caller owns the record. */
    private @Nullable ByteBuf collect(ChannelHandlerContext ctx, ByteBuf in) throws GeneralSecurityException {
        if (partial == null) {
            int known = SealedRecords.HEADER_LENGTH;
            if (in.readableBytes() >= known) {
                known += SealedRecords.checkLength(in.getUnsignedShort(in.readerIndex()));
            }
            partial = ctx.alloc().heapBuffer(known, SealedRecords.MAX_PLAINTEXT + SealedRecords.OVERHEAD);
        }
        ByteBuf record = partial;
        if (record.readableBytes() < SealedRecords.HEADER_LENGTH) {
            int missing = SealedRecords.HEADER_LENGTH - record.readableBytes();
            record.writeBytes(in, Math.min(missing, in.readableBytes()));
            if (record.readableBytes() < SealedRecords.HEADER_LENGTH) {
                return null;
            }
        }
        int length = SealedRecords.checkLength(record.getUnsignedShort(record.readerIndex()));
        int missing = SealedRecords.HEADER_LENGTH + length - record.readableBytes();
        int step = Math.min(missing, in.readableBytes());
        record.ensureWritable(missing);
        record.writeBytes(in, step);
        if (step < missing) {
            return null;
        }
        partial = null;
        return record;
    }

    private void spoil(ChannelHandlerContext ctx, String detail) {
        if (!spoiled) {
            spoiled = true;
            ctx.fireUserEventTriggered(new Spoiled(detail));
            ctx.close();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (partial != null) {
            partial.release();
            partial = null;
        }
        records.destroy();
    }
}
