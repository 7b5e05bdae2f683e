package dev.tandem.ptspec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocksCredentialsTest {
    private static final byte[] NUL = {0};

    @Test
    void dropsThePasswordThatOnlyFillsTheField() throws Exception {
        assertEquals(TransportArgs.of("k", "v"), SocksCredentials.parse("k=v".getBytes(StandardCharsets.UTF_8), NUL));
    }

    @Test
    void keepsANulThatIsNotAlone() throws Exception {
        byte[] password = {0, 'x'};
        assertEquals(
                TransportArgs.of("k", "v\0x"),
                SocksCredentials.parse("k=v".getBytes(StandardCharsets.UTF_8), password));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 128, 254, 255})
    void joinsBothFieldsWhereverTheBorderFalls(int passwordLength) throws Exception {
        // With 252 characters of two bytes, the border falls within one for every even length.
        String value = "ü".repeat(252) + "x";
        byte[] joined = ("cert=" + value).getBytes(StandardCharsets.UTF_8);
        assertEquals(510, joined.length);
        byte[] userName = Arrays.copyOf(joined, joined.length - passwordLength);
        byte[] password = Arrays.copyOfRange(joined, joined.length - passwordLength, joined.length);
        assertEquals(TransportArgs.of("cert", value), SocksCredentials.parse(userName, password));
    }

    @Test
    void refusesBytesThatAreNotUtf8() {
        byte[] userName = {'k', '=', (byte) 0xff};
        PtParseException e = assertThrows(PtParseException.class, () -> SocksCredentials.parse(userName, NUL));
        assertEquals("arguments are not UTF-8", e.getMessage());
    }
}
