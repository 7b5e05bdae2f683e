package dev.tandem.utp.cat;

import dev.tandem.utp.netty.UdpBuffers;
import dev.tandem.utp.protocol.ConnectionConfig;
import dev.tandem.utp.protocol.congestion.CongestionControl;
import dev.tandem.utp.protocol.congestion.CongestionController;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code utpcat}: netcat over µTP. */
@Command(
        name = "utpcat",
        description = "Sends standard input to a µTP peer, and what the peer sends to standard output.",
        customSynopsis = {
            "utpcat [-v] [--congestion NAME] [--qlog FILE] ADDR PORT",
            "utpcat -l [-v] [--congestion NAME] [--qlog FILE] [-s ADDR] -p PORT"
        },
        mixinStandardHelpOptions = true,
        versionProvider = UtpCat.Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:Both directions ended in order.",
            "1:There was no connection, it broke, or a file failed.",
            "2:An option is missing, unknown or malformed.",
            "69:The launcher finds no Java or no JAR."
        })
public final class UtpCat implements Callable<Integer> {
    private static final int MAX_PORT = 65_535;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "-l", description = "Listen for one connection instead of dialling.")
    private boolean listen;

    @Option(names = "-s", paramLabel = "ADDR", description = "With -l: the local address (default: all).")
    private @Nullable String source;

    @Option(names = "-p", paramLabel = "PORT", description = "With -l: the local UDP port, 1 to 65535.")
    private @Nullable Integer port;

    @Option(names = "-v", description = "Print the connection's figures at the end, to standard error.")
    private boolean verbose;

    @Option(
            names = "--congestion",
            paramLabel = "NAME",
            description = "Congestion control of what is sent: bbr, cubic, ledbat (the default) or ledbat++.")
    private String congestion = CongestionControl.LEDBAT.label();

    @Option(
            names = "--qlog",
            paramLabel = "FILE",
            description = "Write a trace of the connection, which scripts/qlog-plot draws.")
    private @Nullable Path qlog;

    @Parameters(index = "0", arity = "0..1", paramLabel = "ADDR", description = "The peer's name or address.")
    private @Nullable String address;

    @Parameters(index = "1", arity = "0..1", paramLabel = "PORT", description = "The peer's UDP port, 1 to 65535.")
    private @Nullable Integer remotePort;

    private final ReadableByteChannel in;
    private final WritableByteChannel out;

    /** Standard input and output. Not System.in and System.out, whose buffers are of no use here. */
    UtpCat() {
        this(
                new FileInputStream(FileDescriptor.in).getChannel(),
                new FileOutputStream(FileDescriptor.out).getChannel());
    }

    /** Reads from and writes to what is given. */
    UtpCat(ReadableByteChannel in, WritableByteChannel out) {
        this.in = in;
        this.out = out;
    }

    /** Runs the program. */
    public static void main(String[] args) {
        System.exit(commandLine(new UtpCat()).execute(args));
    }

    /** With errors of one line. */
    static CommandLine commandLine(UtpCat program) {
        return new CommandLine(program).setParameterExceptionHandler((error, args) -> {
            error.getCommandLine().getErr().println("utpcat: " + error.getMessage());
            return CommandLine.ExitCode.USAGE;
        });
    }

    @Override
    public Integer call() throws InterruptedException {
        ConnectionConfig config = ConnectionConfig.DEFAULT.withCongestionController(congestionControl());
        try {
            InetSocketAddress address = listen ? localAddress() : remoteAddress();
            try (TraceFile trace = TraceFile.open(qlog)) {
                transfer(address, config.withTrace(trace.factory()));
            }
            return CommandLine.ExitCode.OK;
        } catch (IOException e) {
            spec.commandLine().getErr().println("utpcat: " + e.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
    }

    private CongestionController.Factory congestionControl() {
        try {
            return CongestionControl.parse("--congestion", congestion).factory();
        } catch (IllegalArgumentException e) {
            throw usage(String.valueOf(e.getMessage()));
        }
    }

    private void transfer(InetSocketAddress address, ConnectionConfig config) throws IOException, InterruptedException {
        PrintWriter report = verbose ? spec.commandLine().getErr() : null;
        if (report != null) {
            UdpBuffers.shortage().ifPresent(line -> report.println("utpcat: " + line));
        }
        Transfer transfer = new Transfer(in, out, report, config);
        try {
            if (listen) {
                transfer.serve(address);
            } else {
                transfer.dial(address);
            }
        } finally {
            transfer.close();
        }
    }

    private InetSocketAddress localAddress() throws IOException {
        if (port == null || address != null) {
            throw usage("-l takes -p PORT, and -s ADDR if need be");
        }
        return source == null ? new InetSocketAddress(checked(port)) : resolve(source, checked(port));
    }

    private InetSocketAddress remoteAddress() throws IOException {
        if (address == null || remotePort == null || source != null || port != null) {
            throw usage("needs ADDR and PORT, or -l and -p PORT");
        }
        return resolve(address, checked(remotePort));
    }

    private int checked(int number) {
        if (number < 1 || number > MAX_PORT) {
            throw usage("a port is a number from 1 to " + MAX_PORT);
        }
        return number;
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static InetSocketAddress resolve(String host, int port) throws IOException {
        String name = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        try {
            return new InetSocketAddress(InetAddress.getByName(name), port);
        } catch (UnknownHostException e) {
            throw new IOException(name + ": unknown host", e);
        }
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = UtpCat.class.getPackage().getImplementationVersion();
            return new String[] {"utpcat (Tandem) " + (version == null ? "unreleased" : version)};
        }
    }
}
