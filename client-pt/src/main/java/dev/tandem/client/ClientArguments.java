package dev.tandem.client;

import dev.tandem.ptspec.PtParseException;
import dev.tandem.ptspec.TransportArgs;
import dev.tandem.utp.paired.BridgeCert;

/**
 * The arguments of a bridge line.
 *
 * @param cert {@code cert=}: the bridge's pin and secret; required
 * @param options the others
 */
record ClientArguments(BridgeCert cert, ClientOptions options) {

    /** The same with other options before these. */
    ClientArguments with(ClientOptions first) {
        return new ClientArguments(cert, first.or(options));
    }

    /**
     * Reads them.
     *
     * @throws PtParseException with one line that names the argument and not its value
     */
    static ClientArguments parse(TransportArgs args) throws PtParseException {
        BridgeCert cert = null;
        TransportArgs others = TransportArgs.empty();
        for (TransportArgs.Arg arg : args.entries()) {
            if (!arg.key().equals("cert")) {
                others = others.and(arg.key(), arg.value());
            } else if (cert != null) {
                throw new PtParseException("bridge line: cert= is there twice");
            } else {
                try {
                    cert = BridgeCert.parse(arg.value());
                } catch (IllegalArgumentException e) {
                    throw new PtParseException("bridge line: " + e.getMessage());
                }
            }
        }
        ClientOptions options = ClientOptions.parse("bridge line", "cert=, ", others);
        if (cert == null) {
            throw new PtParseException("bridge line: cert= is missing");
        }
        return new ClientArguments(cert, options);
    }
}
