/** Names the libraries as modules. */
module consumer {
    requires dev.tandem.ptspec;
    requires dev.tandem.utp.netty;
    requires dev.tandem.utp.protocol;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;
}
