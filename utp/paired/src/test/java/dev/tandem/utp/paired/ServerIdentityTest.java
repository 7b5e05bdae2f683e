package dev.tandem.utp.paired;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerIdentityTest {
    private static final Duration TEN_YEARS = Duration.ofDays(3650);

    /** Those of the second end, or begin, when certificates write the year with four digits. */
    @ParameterizedTest
    @ValueSource(strings = {"2026-11-26T17:04:53.123Z", "2045-01-02T03:04:05Z", "2051-01-02T03:04:05Z"})
    void itsCertificateIsOfThisTime(String now) throws Exception {
        Instant at = Instant.parse(now);
        X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(
                        ServerIdentity.generate(new SecureRandom(), at).certificate()));
        Instant from = certificate.getNotBefore().toInstant();
        Instant until = certificate.getNotAfter().toInstant();
        assertFalse(from.isAfter(at), from + " is after " + at);
        assertTrue(from.isAfter(at.minus(Duration.ofDays(61))), from + " is too early");
        assertEquals(TEN_YEARS, Duration.between(from, until));
        certificate.verify(certificate.getPublicKey());
    }
}
