package dev.tandem.utp.cat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * As much of a BitTorrent peer (BEP 3) as one transfer with libtorrent needs, which speaks nothing else over µTP: of a torrent
 * with one file, either it has everything and sends what is asked for, or it has nothing and asks for everything.
 */
final class BitTorrentPeer extends ChannelInboundHandlerAdapter {
    private static final String PROTOCOL = "BitTorrent protocol";
    private static final int HANDSHAKE_BYTES = 1 + PROTOCOL.length() + 8 + 20 + 20;
    private static final int PIECE_BYTES = 256 << 10;
    private static final int BLOCK_BYTES = 16 << 10;
    private static final int MAX_MESSAGE_BYTES = BLOCK_BYTES + 64;

    /** Requests under way: enough for 2 MiB, and below the 500 that libtorrent answers. */
    private static final int MAX_REQUESTS = 128;

    private static final int CHOKE = 0;
    private static final int UNCHOKE = 1;
    private static final int INTERESTED = 2;
    private static final int BITFIELD = 5;
    private static final int REQUEST = 6;
    private static final int PIECE = 7;

    private record Request(int piece, int begin, int length) {}

    private final byte[] infoHash;
    private final byte[] content;
    private final boolean seed;
    private final BitSet blocks = new BitSet();
    private final Deque<Request> asked = new ArrayDeque<>();
    private final CompletableFuture<byte[]> downloaded = new CompletableFuture<>();
    private final CompletableFuture<Void> moving = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Throwable> ended = new CompletableFuture<>();
    private @Nullable ByteBuf pending;
    private @Nullable Throwable failure;
    private boolean greeted;
    private boolean choked = true;
    private int nextBlock;
    private int receivedBlocks;

    private BitTorrentPeer(byte[] infoHash, byte[] content, boolean seed) {
        this.infoHash = infoHash;
        this.content = content;
        this.seed = seed;
    }

    /** One that has everything. */
    static BitTorrentPeer seed(byte[] content) {
        return new BitTorrentPeer(infoHash(content), content, true);
    }

    /** One that has nothing yet. */
    static BitTorrentPeer downloader(byte[] infoHash, int bytes) {
        return new BitTorrentPeer(infoHash, new byte[bytes], false);
    }

    /** The SHA-1 of the metadata, and so of all pieces' SHA-1 (BEP 3, "info dictionary"); as torrent.py makes it. */
    static byte[] infoHash(byte[] content) {
        MessageDigest sha1 = Content.digest("SHA-1");
        int pieces = (content.length + PIECE_BYTES - 1) / PIECE_BYTES;
        byte[] hashes = new byte[pieces * 20];
        for (int i = 0; i < pieces; i++) {
            int start = i * PIECE_BYTES;
            sha1.update(content, start, Math.min(PIECE_BYTES, content.length - start));
            System.arraycopy(sha1.digest(), 0, hashes, i * 20, 20);
        }
        String head = "d6:lengthi" + content.length + "e4:name7:content12:piece lengthi" + PIECE_BYTES + "e6:pieces"
                + hashes.length + ":";
        sha1.update(head.getBytes(StandardCharsets.US_ASCII));
        sha1.update(hashes);
        sha1.update((byte) 'e');
        return sha1.digest();
    }

    /** Completes with the content when all of it has come. */
    CompletableFuture<byte[]> downloaded() {
        return downloaded;
    }

    /** Completes when some blocks have gone or come. */
    CompletableFuture<Void> moving() {
        return moving;
    }

    /** Completes when the connection is over: with what went wrong, or null if it ended in order. */
    CompletableFuture<@Nullable Throwable> ended() {
        return ended;
    }

    /** An empty message: something that the peer must acknowledge. */
    static void keepAlive(Channel channel) {
        channel.writeAndFlush(channel.alloc().buffer(4).writeInt(0));
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        byte[] peerId = new byte[20];
        new Random(1).nextBytes(peerId);
        // No extension: reserved bytes are zero.
        ByteBuf out = ctx.alloc().buffer();
        out.writeByte(PROTOCOL.length());
        out.writeCharSequence(PROTOCOL, StandardCharsets.US_ASCII);
        out.writeLong(0).writeBytes(infoHash).writeBytes(peerId);
        if (seed) {
            int pieces = (content.length + PIECE_BYTES - 1) / PIECE_BYTES;
            BitSet have = new BitSet();
            for (int i = 0; i < pieces; i++) {
                // The first piece is the highest bit.
                have.set(i ^ 7);
            }
            int bytes = (pieces + 7) / 8;
            byte[] bitfield = have.toByteArray();
            out.writeInt(1 + bytes).writeByte(BITFIELD).writeBytes(bitfield).writeZero(bytes - bitfield.length);
            out.writeInt(1).writeByte(UNCHOKE);
        } else {
            out.writeInt(1).writeByte(INTERESTED);
        }
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        ByteBuf in = pending;
        if (in == null) {
            in = ctx.alloc().buffer();
            pending = in;
        }
        in.writeBytes(bytes);
        bytes.release();
        try {
            while (readMessage(in)) {
                in.discardSomeReadBytes();
            }
        } catch (IllegalStateException e) {
            exceptionCaught(ctx, e);
            return;
        }
        if (seed) {
            answer(ctx);
        } else {
            ask(ctx);
        }
    }

    private boolean readMessage(ByteBuf in) {
        if (!greeted) {
            if (in.readableBytes() < HANDSHAKE_BYTES) {
                return false;
            }
            readHandshake(in);
            greeted = true;
            return true;
        }
        if (in.readableBytes() < 4) {
            return false;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 0 || length > MAX_MESSAGE_BYTES) {
            throw new IllegalStateException("a message of " + length + " bytes");
        }
        if (in.readableBytes() < 4 + length) {
            return false;
        }
        in.skipBytes(4);
        if (length > 0) {
            int end = in.readerIndex() + length;
            handleMessage(in.readUnsignedByte(), length - 1, in);
            in.readerIndex(end);
        }
        return true;
    }

    private void readHandshake(ByteBuf in) {
        int length = in.readUnsignedByte();
        CharSequence protocol = in.readCharSequence(PROTOCOL.length(), StandardCharsets.US_ASCII);
        in.skipBytes(8);
        byte[] theirs = new byte[20];
        in.readBytes(theirs);
        in.skipBytes(20);
        if (length != PROTOCOL.length() || !PROTOCOL.contentEquals(protocol)) {
            throw new IllegalStateException("not a BitTorrent handshake");
        }
        if (!MessageDigest.isEqual(theirs, infoHash)) {
            throw new IllegalStateException("another torrent: " + Content.hex(theirs));
        }
    }

    private void handleMessage(int id, int length, ByteBuf in) {
        switch (id) {
            case CHOKE -> throw new IllegalStateException("choked");
            case UNCHOKE -> choked = false;
            case REQUEST -> asked.add(new Request(in.readInt(), in.readInt(), in.readInt()));
            case PIECE -> take(in.readInt(), in.readInt(), length - 8, in);
            default -> {
                // What they have and want is known.
            }
        }
    }

    // ---- one that has nothing ----

    private void take(int piece, int begin, int length, ByteBuf in) {
        long offset = (long) piece * PIECE_BYTES + begin;
        int block = (int) (offset / BLOCK_BYTES);
        if (offset % BLOCK_BYTES != 0 || block >= nextBlock || length != lengthOf(block) || blocks.get(block)) {
            throw new IllegalStateException("not asked for: " + length + " bytes at " + offset);
        }
        blocks.set(block);
        in.readBytes(content, (int) offset, length);
        receivedBlocks++;
        if (receivedBlocks == 64) {
            moving.complete(null);
        }
        if (receivedBlocks == blockCount()) {
            downloaded.complete(content);
        }
    }

    private void ask(ChannelHandlerContext ctx) {
        if (choked || nextBlock == blockCount() || nextBlock - receivedBlocks > MAX_REQUESTS / 2) {
            return;
        }
        ByteBuf out = ctx.alloc().buffer();
        for (; nextBlock < blockCount() && nextBlock - receivedBlocks < MAX_REQUESTS; nextBlock++) {
            int offset = nextBlock * BLOCK_BYTES;
            out.writeInt(13).writeByte(REQUEST);
            out.writeInt(offset / PIECE_BYTES).writeInt(offset % PIECE_BYTES).writeInt(lengthOf(nextBlock));
        }
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    private int blockCount() {
        return (content.length + BLOCK_BYTES - 1) / BLOCK_BYTES;
    }

    private int lengthOf(int block) {
        return Math.min(BLOCK_BYTES, content.length - block * BLOCK_BYTES);
    }

    // ---- one that has everything ----

    private void answer(ChannelHandlerContext ctx) {
        while (!asked.isEmpty() && ctx.channel().isWritable()) {
            Request request = asked.remove();
            long offset = (long) request.piece() * PIECE_BYTES + request.begin();
            if (offset < 0 || request.length() < 0 || offset + request.length() > content.length) {
                exceptionCaught(ctx, new IllegalStateException("asks for what there is not: " + request));
                return;
            }
            ByteBuf out = ctx.alloc().buffer(13 + request.length());
            out.writeInt(9 + request.length()).writeByte(PIECE);
            out.writeInt(request.piece()).writeInt(request.begin());
            out.writeBytes(content, (int) offset, request.length());
            ctx.writeAndFlush(out, ctx.voidPromise());
            if (++nextBlock == 64) {
                moving.complete(null);
            }
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        answer(ctx);
    }

    // ---- the end ----

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // What was not sent when the peer ended the connection fails with it, which says nothing of how it ended.
        if (failure == null && !(cause instanceof ClosedChannelException)) {
            failure = cause;
        }
        ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (pending != null) {
            pending.release();
            pending = null;
        }
        ended.complete(failure);
        downloaded.completeExceptionally(new IllegalStateException("the connection ended", failure));
        moving.completeExceptionally(new IllegalStateException("the connection ended", failure));
    }
}
