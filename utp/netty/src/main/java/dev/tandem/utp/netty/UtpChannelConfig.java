package dev.tandem.utp.netty;

import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.EndpointConfig;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options of {@link UtpChannel} and {@link UtpServerChannel}. */
@SuppressWarnings("ReferenceEquality") // options are constants, each of its own identity
final class UtpChannelConfig extends DefaultChannelConfig {
    private static final int NO_LINGER = -1;

    private volatile ConnectionConfig connectionConfig = ConnectionConfig.DEFAULT;
    private volatile EndpointConfig endpointConfig = EndpointConfig.DEFAULT;
    private volatile int udpBufferBytes = UdpBuffers.DEFAULT_BYTES;
    private volatile @Nullable ChannelHandler datagramHandler;
    private volatile boolean allowHalfClosure;
    private volatile int soLinger = NO_LINGER;

    UtpChannelConfig(Channel channel) {
        super(channel);
    }

    ConnectionConfig connectionConfig() {
        return connectionConfig;
    }

    EndpointConfig endpointConfig() {
        return endpointConfig.withConnection(connectionConfig);
    }

    int udpBufferBytes() {
        return udpBufferBytes;
    }

    @Nullable
    ChannelHandler datagramHandler() {
        return datagramHandler;
    }

    boolean isAllowHalfClosure() {
        return allowHalfClosure;
    }

    /** Whether {@code close()} resets. */
    boolean isAbortOnClose() {
        return soLinger == 0;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return getOptions(
                super.getOptions(),
                ChannelOption.SO_SNDBUF,
                ChannelOption.SO_RCVBUF,
                ChannelOption.SO_LINGER,
                ChannelOption.ALLOW_HALF_CLOSURE,
                UtpChannelOption.CONNECTION_CONFIG,
                UtpChannelOption.ENDPOINT_CONFIG,
                UtpChannelOption.UDP_BUFFER_BYTES,
                UtpChannelOption.DATAGRAM_HANDLER);
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        if (option == ChannelOption.SO_SNDBUF) {
            return (T) Integer.valueOf(connectionConfig.sendBufferBytes());
        } else if (option == ChannelOption.SO_RCVBUF) {
            return (T) Integer.valueOf(connectionConfig.receiveBufferBytes());
        } else if (option == ChannelOption.SO_LINGER) {
            return (T) Integer.valueOf(soLinger);
        } else if (option == ChannelOption.ALLOW_HALF_CLOSURE) {
            return (T) Boolean.valueOf(allowHalfClosure);
        } else if (option == UtpChannelOption.CONNECTION_CONFIG) {
            return (T) connectionConfig;
        } else if (option == UtpChannelOption.ENDPOINT_CONFIG) {
            return (T) endpointConfig;
        } else if (option == UtpChannelOption.UDP_BUFFER_BYTES) {
            return (T) Integer.valueOf(udpBufferBytes);
        } else if (option == UtpChannelOption.DATAGRAM_HANDLER) {
            return (T) datagramHandler;
        }
        return super.getOption(option);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option == ChannelOption.SO_SNDBUF) {
            connectionConfig = connectionConfig.withSendBufferBytes(bufferBytes((Integer) value));
        } else if (option == ChannelOption.SO_RCVBUF) {
            connectionConfig = connectionConfig.withReceiveBufferBytes(bufferBytes((Integer) value));
        } else if (option == ChannelOption.SO_LINGER) {
            soLinger = (Integer) value;
        } else if (option == ChannelOption.ALLOW_HALF_CLOSURE) {
            allowHalfClosure = (Boolean) value;
        } else if (option == UtpChannelOption.CONNECTION_CONFIG) {
            connectionConfig = (ConnectionConfig) value;
        } else if (option == UtpChannelOption.ENDPOINT_CONFIG) {
            endpointConfig = (EndpointConfig) value;
        } else if (option == UtpChannelOption.UDP_BUFFER_BYTES) {
            udpBufferBytes = (Integer) value;
        } else if (option == UtpChannelOption.DATAGRAM_HANDLER) {
            datagramHandler = (ChannelHandler) value;
        } else {
            return super.setOption(option, value);
        }
        return true;
    }

    /** What is asked for as far as it can be had, as sockets of the system do. */
    private static int bufferBytes(int wanted) {
        return Math.max(ConnectionConfig.MIN_BUFFER_BYTES, Math.min(wanted, ConnectionConfig.MAX_BUFFER_BYTES));
    }

    @Override
    protected void autoReadCleared() {
        ((UtpReader) channel).onAutoReadCleared();
    }

    /** A channel whose pending read is dropped when auto-read is switched off. */
    interface UtpReader {
        void onAutoReadCleared();
    }
}
