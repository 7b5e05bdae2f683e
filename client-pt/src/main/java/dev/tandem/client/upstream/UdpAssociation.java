package dev.tandem.client.upstream;

import dev.tandem.ptspec.UpstreamProxy;
import dev.tandem.utp.netty.UtpTransports;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.socksx.v5.DefaultSocks5CommandRequest;
import io.netty.handler.codec.socksx.v5.DefaultSocks5InitialRequest;
import io.netty.handler.codec.socksx.v5.DefaultSocks5PasswordAuthRequest;
import io.netty.handler.codec.socksx.v5.Socks5AddressType;
import io.netty.handler.codec.socksx.v5.Socks5AuthMethod;
import io.netty.handler.codec.socksx.v5.Socks5ClientEncoder;
import io.netty.handler.codec.socksx.v5.Socks5CommandResponse;
import io.netty.handler.codec.socksx.v5.Socks5CommandResponseDecoder;
import io.netty.handler.codec.socksx.v5.Socks5CommandStatus;
import io.netty.handler.codec.socksx.v5.Socks5CommandType;
import io.netty.handler.codec.socksx.v5.Socks5InitialResponse;
import io.netty.handler.codec.socksx.v5.Socks5InitialResponseDecoder;
import io.netty.handler.codec.socksx.v5.Socks5Message;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthResponse;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthResponseDecoder;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthStatus;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A UDP ASSOCIATE of a SOCKS5 proxy (RFC 1928, section 6): a TCP connection, with which the relay that it asks for ends. */
@SuppressWarnings("FutureReturnValueIgnored") // closing fails only when closed already
final class UdpAssociation extends SimpleChannelInboundHandler<Socks5Message> {
    /** The proxy takes no such request, or not of us: another one will fare no better soon. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private static final String DECODER = "decoder";

    private final UpstreamProxy proxy;
    private final Promise<InetSocketAddress> relay;
    private final Runnable whenOver;
    private @Nullable Channel channel;

    /** @param whenOver runs when the relay, once there, is gone */
    UdpAssociation(UpstreamProxy proxy, EventLoop loop, Runnable whenOver) {
        this.proxy = proxy;
        this.relay = loop.newPromise();
        this.whenOver = whenOver;
    }

    /**
     * Asks for a relay.
     *
     * @return its address
     */
    Future<InetSocketAddress> open(EventLoop loop, @Nullable InetSocketAddress local, int timeoutMillis) {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channelFactory(() -> UtpTransports.newSocketChannel(loop))
                .disableResolver()
                .option(ChannelOption.TCP_NODELAY, true)
                // A relay that is lost without a word is noticed by µTP, and this connection some time later.
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline()
                                .addLast(Socks5ClientEncoder.DEFAULT)
                                .addLast(DECODER, new Socks5InitialResponseDecoder())
                                .addLast(UdpAssociation.this);
                    }
                });
        ChannelFuture connecting =
                local == null ? bootstrap.connect(proxy.address()) : bootstrap.connect(proxy.address(), local);
        if (connecting.cause() != null) {
            return relay.setFailure(connecting.cause());
        }
        channel = connecting.channel();
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                relay.tryFailure(done.cause());
            }
        });
        Future<?> deadline =
                loop.schedule(() -> fail(new IOException("no answer in time")), timeoutMillis, TimeUnit.MILLISECONDS);
        relay.addListener(done -> deadline.cancel(false));
        return relay;
    }

    /** Ends the relay, or the asking for it. */
    void close() {
        if (channel != null) {
            channel.close();
        }
    }

    private void fail(IOException cause) {
        if (relay.tryFailure(cause)) {
            close();
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(
                proxy.user().isPresent()
                        ? new DefaultSocks5InitialRequest(Socks5AuthMethod.NO_AUTH, Socks5AuthMethod.PASSWORD)
                        : new DefaultSocks5InitialRequest(Socks5AuthMethod.NO_AUTH));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, Socks5Message message) {
        if (message.decoderResult().isFailure()) {
            fail(new IOException("not SOCKS 5"));
        } else if (message instanceof Socks5InitialResponse response) {
            if (response.authMethod().equals(Socks5AuthMethod.NO_AUTH)) {
                associate(ctx);
            } else if (response.authMethod().equals(Socks5AuthMethod.PASSWORD)
                    && proxy.user().isPresent()) {
                expect(ctx, new Socks5PasswordAuthResponseDecoder());
                ctx.writeAndFlush(new DefaultSocks5PasswordAuthRequest(
                        UpstreamNetwork.octets(proxy.user().orElse("")),
                        UpstreamNetwork.octets(proxy.password().orElse(""))));
            } else {
                fail(new Refused());
            }
        } else if (message instanceof Socks5PasswordAuthResponse response) {
            if (response.status().equals(Socks5PasswordAuthStatus.SUCCESS)) {
                associate(ctx);
            } else {
                fail(new Refused());
            }
        } else if (message instanceof Socks5CommandResponse response) {
            handleAnswer(response);
        }
    }

    private static void expect(ChannelHandlerContext ctx, ByteToMessageDecoder decoder) {
        ctx.pipeline().replace(DECODER, DECODER, decoder);
    }

    /** From where our datagrams will come is not known yet: zeros (RFC 1928, section 6). */
    private static void associate(ChannelHandlerContext ctx) {
        expect(ctx, new Socks5CommandResponseDecoder());
        ctx.writeAndFlush(
                new DefaultSocks5CommandRequest(Socks5CommandType.UDP_ASSOCIATE, Socks5AddressType.IPv4, "0.0.0.0", 0));
    }

    private void handleAnswer(Socks5CommandResponse response) {
        if (response.status().equals(Socks5CommandStatus.COMMAND_UNSUPPORTED)
                || response.status().equals(Socks5CommandStatus.FORBIDDEN)) {
            fail(new Refused());
            return;
        }
        InetAddress address = addressOf(response);
        if (!response.status().equals(Socks5CommandStatus.SUCCESS) || address == null || response.bndPort() == 0) {
            fail(new IOException("no relay"));
            return;
        }
        relay.trySuccess(new InetSocketAddress(address, response.bndPort()));
    }

    /** Null for a name, which would have to be looked up. */
    private @Nullable InetAddress addressOf(Socks5CommandResponse response) {
        String text = response.bndAddr();
        byte[] bytes = text == null || response.bndAddrType().equals(Socks5AddressType.DOMAIN)
                ? null
                : NetUtil.createByteArrayFromIpAddressString(text);
        if (bytes == null) {
            return null;
        }
        InetAddress address = RelayedDatagrams.addressOf(bytes);
        // Whoever listens on all its addresses means the one that we have.
        return address.isAnyLocalAddress() ? proxy.address().getAddress() : address;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!relay.tryFailure(new IOException("closed"))) {
            whenOver.run();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
