package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SocksReplyCodeTest {
    static List<Arguments> failures() {
        return List.of(
                // As NIO and epoll say it.
                Arguments.of(5, new ConnectException("Connection refused")),
                Arguments.of(5, new ConnectException("finishConnect(..) failed: Connection refused")),
                Arguments.of(5, new SocketException("Connection reset")),
                Arguments.of(5, new IOException("Connection reset by peer")),
                Arguments.of(5, new ConnectException()),
                Arguments.of(6, new ConnectException("connection timed out after 30000 ms: /192.0.2.1:443")),
                Arguments.of(6, new ConnectException("Connection timed out")),
                Arguments.of(6, new SocketTimeoutException()),
                Arguments.of(6, new TimeoutException()),
                Arguments.of(3, new SocketException("Network is unreachable")),
                Arguments.of(3, new NoRouteToHostException("connect(..) failed: Network is unreachable")),
                Arguments.of(4, new NoRouteToHostException("No route to host")),
                Arguments.of(4, new NoRouteToHostException()),
                Arguments.of(4, new ConnectException("finishConnect(..) failed: No route to host")),
                Arguments.of(4, new UnknownHostException("example.org")),
                Arguments.of(4, new UnresolvedAddressException()),
                Arguments.of(8, new UnsupportedAddressTypeException()),
                Arguments.of(8, new SocketException("Address family not supported by protocol")),
                Arguments.of(1, new IOException("wrong pin")),
                Arguments.of(1, new IOException()),
                Arguments.of(5, new IOException("wrapped", new ConnectException("Connection refused"))),
                Arguments.of(6, new IllegalStateException(new IOException(new TimeoutException()))));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void saysWhatFailed(int code, Throwable failure) {
        assertEquals(code, SocksReplyCode.of(failure).code());
    }

    @Test
    void endsOnARingOfCauses() {
        IOException a = new IOException("a");
        IOException b = new IOException("b", a);
        a.initCause(b);
        assertEquals(SocksReplyCode.GENERAL_FAILURE, SocksReplyCode.of(a));
    }

    @Test
    void codesAreThoseOfRfc1928() {
        assertEquals(
                List.of(0, 1, 2, 3, 4, 5, 6, 7, 8),
                Arrays.stream(SocksReplyCode.values()).map(SocksReplyCode::code).toList());
    }
}
