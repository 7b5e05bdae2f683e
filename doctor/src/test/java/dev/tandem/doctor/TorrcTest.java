package dev.tandem.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TorrcTest {
    @Test
    void readsAsTorDoes() {
        Torrc torrc = Torrc.parse(
                "# comment\n\nUseBridges 0\nusebridges 1 # on\nBridge utp 192.0.2.1:1 \\\n"
                        + "# between\n  cert=x\nBridge obfs4 192.0.2.2:1\nDataDirectory \"/a b\" # rest\n+ORPort 9001\nEmpty\n%include /etc/x");
        assertTrue(torrc.isOn("UseBridges"));
        assertFalse(torrc.isOn("BridgeRelay"));
        Torrc.Line bridge = torrc.all("Bridge", "utp").get(0);
        assertEquals(List.of("utp", "192.0.2.1:1", "cert=x"), bridge.words());
        assertEquals("torrc line 5, Bridge", bridge.where());
        assertEquals(2, torrc.all("Bridge").size());
        assertEquals("/a b", torrc.last("DataDirectory").orElseThrow().value());
        assertEquals("9001", torrc.last("ORPort").orElseThrow().value());
        assertEquals(List.of(), torrc.last("Empty").orElseThrow().words());
        assertTrue(torrc.hasIncludes());
        assertTrue(torrc.last("Nothing").isEmpty());
    }

    @Test
    void takesAnyText() {
        for (String text : List.of("", "\\", "\"", "A \"open", "# \\\nA 1", "\r\nA 1\r\n")) {
            Torrc torrc = Torrc.parse(text);
            assertEquals(text.contains("A 1"), torrc.isOn("A"), text);
        }
    }
}
