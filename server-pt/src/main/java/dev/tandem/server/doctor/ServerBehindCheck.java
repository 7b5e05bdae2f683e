package dev.tandem.server.doctor;

import dev.tandem.doctor.Finding;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** The servers that a bridge connects people with: the decoy for strangers, and what a standalone one forwards to. */
public final class ServerBehindCheck {
    /** So long a server that waits for its visitors is given to show that it does not. */
    private static final int GREETING_MILLIS = 500;

    private final int timeoutMillis;

    /** @param timeout for TCP, and for each answer */
    public ServerBehindCheck(Duration timeout) {
        this.timeoutMillis = (int) timeout.toMillis();
    }

    /**
     * Whether TCP connects.
     *
     * @param option what it was given with
     */
    public Finding forward(String option, InetSocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(address, timeoutMillis);
            return Finding.ok(option + ": TCP connects");
        } catch (IOException e) {
            return Finding.fail(
                    option + ": TCP does not connect",
                    "Sessions come up and are reset then, until that service runs.",
                    "ss -lnt 'sport = :" + address.getPort() + "'");
        }
    }

    /**
     * Whether it is a TLS server that waits for its visitors to speak first.
     *
     * @param listening where the bridge itself listens; null if that is not known
     */
    public Finding decoy(InetSocketAddress address, @Nullable InetSocketAddress listening, Instant now) {
        if (listening != null && isSame(address, listening)) {
            return Finding.fail("decoy: it is the bridge itself", "It must be another server, on another port.");
        }
        try (Socket socket = new Socket()) {
            socket.connect(address, timeoutMillis);
            if (greets(socket)) {
                return Finding.fail(
                        "decoy: it speaks before its visitors do",
                        "Then every caller is a stranger, clients too. It must be a TLS server, such as a web server's port for HTTPS.");
            }
            return tls(socket, address, now);
        } catch (IOException e) {
            return Finding.warn(
                    "decoy: TCP does not connect",
                    "While that is so, strangers meet the small web server of this program, which can be told from a common one.",
                    "ss -lnt 'sport = :" + address.getPort() + "'");
        }
    }

    private static boolean isSame(InetSocketAddress target, InetSocketAddress listening) {
        return target.getPort() == listening.getPort()
                && (target.getAddress().equals(listening.getAddress())
                        || (listening.getAddress().isAnyLocalAddress()
                                && target.getAddress().isLoopbackAddress()));
    }

    private static boolean greets(Socket socket) throws IOException {
        socket.setSoTimeout(GREETING_MILLIS);
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    private Finding tls(Socket socket, InetSocketAddress address, Instant now) {
        try (SSLSocket tls = (SSLSocket) anyCertificate()
                .getSocketFactory()
                .createSocket(socket, address.getAddress().getHostAddress(), address.getPort(), true)) {
            tls.setSoTimeout(timeoutMillis);
            tls.startHandshake();
            String version = tls.getSession().getProtocol();
            X509Certificate certificate = (X509Certificate) tls.getSession().getPeerCertificates()[0];
            Instant until = certificate.getNotAfter().toInstant();
            return until.isBefore(now)
                    ? Finding.warn(
                            "decoy: speaks " + version + ", its certificate expired on " + until,
                            "A site with an expired certificate draws looks. Renew it on that server.")
                    : Finding.ok("decoy: speaks " + version + ", its certificate is good until " + until);
        } catch (SSLException e) {
            return notTls();
        } catch (SocketTimeoutException e) {
            return notTls();
        } catch (IOException | GeneralSecurityException e) {
            return Finding.fail(
                    "decoy: the TLS handshake was broken off", "Strangers see the same. Is that port one for TLS?");
        }
    }

    private static Finding notTls() {
        return Finding.fail(
                "decoy: TCP connects, but it does not speak TLS",
                "Strangers begin with TLS, and what answers must be a TLS server: a web server's port for HTTPS, not for HTTP.");
    }

    private static SSLContext anyCertificate() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Anybody()}, new SecureRandom());
        return context;
    }

    /** Nothing secret is sent, so anybody may answer. */
    private static final class Anybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
