package dev.tandem.ptspec.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.util.List;

/**
 * Decodes one user name and password (RFC 1929) as bytes.
 *
 * <p>Netty's {@code Socks5PasswordAuthRequestDecoder} turns them into US-ASCII strings, and so every byte from 0x80 on into U+FFFD: arguments in
 * UTF-8 would be lost.
 */
final class SocksPasswordDecoder extends ByteToMessageDecoder {
    private static final int VERSION = 1;

    /** What it decodes to. The arrays are the receiver's. */
    static final class Credentials {
        final byte[] userName;
        final byte[] password;

        Credentials(byte[] userName, byte[] password) {
            this.userName = userName;
            this.password = password;
        }
    }

    SocksPasswordDecoder() {
        // The handler behind replaces this decoder as soon as it has the message; what follows it belongs to the next
        // decoder.
        setSingleDecode(true);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        int start = in.readerIndex();
        if (in.getByte(start) != VERSION) {
            throw new DecoderException("not version 1 of the user name and password subnegotiation");
        }
        if (in.readableBytes() < 2) {
            return;
        }
        int userNameLength = requireNotEmpty(in.getUnsignedByte(start + 1));
        if (in.readableBytes() < 3 + userNameLength) {
            return;
        }
        int passwordLength = requireNotEmpty(in.getUnsignedByte(start + 2 + userNameLength));
        if (in.readableBytes() < 3 + userNameLength + passwordLength) {
            return;
        }
        in.skipBytes(2);
        byte[] userName = new byte[userNameLength];
        in.readBytes(userName);
        in.skipBytes(1);
        byte[] password = new byte[passwordLength];
        in.readBytes(password);
        out.add(new Credentials(userName, password));
    }

    private static int requireNotEmpty(int length) {
        if (length == 0) {
            throw new DecoderException("empty user name or password");
        }
        return length;
    }
}
