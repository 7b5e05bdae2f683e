package dev.tandem.ptspec.netty;

import dev.tandem.ptspec.SocksReplyCode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.socksx.v5.DefaultSocks5CommandResponse;
import io.netty.handler.codec.socksx.v5.DefaultSocks5InitialResponse;
import io.netty.handler.codec.socksx.v5.DefaultSocks5PasswordAuthResponse;
import io.netty.handler.codec.socksx.v5.Socks5AddressDecoder;
import io.netty.handler.codec.socksx.v5.Socks5AddressEncoder;
import io.netty.handler.codec.socksx.v5.Socks5AddressType;
import io.netty.handler.codec.socksx.v5.Socks5AuthMethod;
import io.netty.handler.codec.socksx.v5.Socks5CommandRequestDecoder;
import io.netty.handler.codec.socksx.v5.Socks5CommandStatus;
import io.netty.handler.codec.socksx.v5.Socks5Message;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthStatus;
import io.netty.handler.codec.socksx.v5.Socks5ServerEncoder;

/** What a SOCKS5 server says, in Netty's words, and the parts of its codec. */
final class SocksMessages {
    private SocksMessages() {}

    /** A request for a host name, or for something unknown. */
    static final class NotLiteralAddressException extends DecoderException {
        private static final long serialVersionUID = 1L;
    }

    /** One for each channel: it is removed from the pipeline as the handler that it is. */
    static ChannelHandler encoder() {
        return new Socks5ServerEncoder(Socks5AddressEncoder.DEFAULT);
    }

    static ChannelHandler requestDecoder() {
        return new Socks5CommandRequestDecoder(SocksMessages::decodeLiteralAddress);
    }

    static Socks5Message methodChosen(Socks5AuthMethod method) {
        return new DefaultSocks5InitialResponse(method);
    }

    static Socks5Message authenticated() {
        return new DefaultSocks5PasswordAuthResponse(Socks5PasswordAuthStatus.SUCCESS);
    }

    static Socks5Message authenticationFailed() {
        return new DefaultSocks5PasswordAuthResponse(Socks5PasswordAuthStatus.FAILURE);
    }

    /** The bound address in it means nothing to tor: all zero. */
    static Socks5Message reply(SocksReplyCode code) {
        return new DefaultSocks5CommandResponse(
                Socks5CommandStatus.valueOf((byte) code.code()), Socks5AddressType.IPv4, "0.0.0.0", 0);
    }

    /** tor only ever sends addresses; resolving a name for it would tell it to a DNS server. */
    private static String decodeLiteralAddress(Socks5AddressType type, ByteBuf in) throws Exception {
        if (!type.equals(Socks5AddressType.IPv4) && !type.equals(Socks5AddressType.IPv6)) {
            throw new NotLiteralAddressException();
        }
        return Socks5AddressDecoder.DEFAULT.decodeAddress(type, in);
    }
}
