package dev.tandem.client;

import dev.tandem.ptspec.ExitCode;
import dev.tandem.ptspec.ExitException;
import dev.tandem.ptspec.IpAddresses;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * The configuration file of a standalone client, in TOML. Not loaded without one: neither is what reads TOML. Messages name file, line and
 * key, and no value: there are bridges' secrets and a proxy's password in it.
 */
final class ClientConfigFile {
    /** What the options of the same names take. */
    private static final Set<String> SETTINGS =
            Set.of("socks", "proxy", "bind-v4", "bind-v6", "state", "metrics", "require-bridge");

    private static final String BRIDGES = "bridges";
    private static final String FORWARD = "forward";
    private static final String LISTEN = "listen";

    private static final int MAX_BYTES = 256 << 10;
    private static final int MAX_FORWARDS = 64;
    private static final int MAX_BRIDGES = 256;

    private final Path file;
    private final Map<String, Setting> settings = new HashMap<>();
    private final Map<String, KnownBridge> bridges = new LinkedHashMap<>();
    private final List<Forward> forwards = new ArrayList<>();

    private ClientConfigFile(Path file) {
        this.file = file;
    }

    /**
     * Reads it.
     *
     * @throws ExitException with one line that names file, line and key, and says what that takes
     */
    static ClientConfigFile read(Path file) throws ExitException {
        ClientConfigFile config = new ClientConfigFile(file);
        TomlParseResult toml = Toml.parse(config.text());
        if (toml.hasErrors()) {
            // Its text quotes what it found there.
            TomlParseError error = toml.errors().get(0);
            throw config.failure(
                    error.position(),
                    "not TOML, or a key for the second time, near column "
                            + error.position().column() + "; texts are in quotes");
        }
        config.readTop(toml);
        return config;
    }

    /** What an option of that name would take; null if it is not there. */
    @Nullable
    Setting setting(String key) {
        return settings.get(key);
    }

    List<Forward> forwards() {
        return forwards;
    }

    private String text() throws ExitException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw failure(null, "longer than " + MAX_BYTES + " bytes");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw failure(null, "not UTF-8");
        } catch (IOException e) {
            throw failure(null, "cannot be read");
        }
    }

    private void readTop(TomlTable top) throws ExitException {
        for (String key : top.keySet()) {
            if (SETTINGS.contains(key)) {
                settings.put(key, setting(top, "", key));
            } else if (!key.equals(BRIDGES) && !key.equals(FORWARD)) {
                throw failure(
                        at(top, key),
                        unknown(
                                key,
                                "bind-v4, bind-v6, [bridges], [[forward]], metrics, proxy,"
                                        + " require-bridge, socks and state"));
            }
        }
        if (top.get(List.of(BRIDGES)) instanceof TomlTable table) {
            readBridges(table);
        } else if (top.contains(List.of(BRIDGES))) {
            throw failure(at(top, BRIDGES), "bridges takes a table, [bridges]: NAME = \"utp ADDRESS:PORT cert=...\"");
        }
        if (top.get(List.of(FORWARD)) instanceof TomlArray array) {
            readForwards(array);
        } else if (top.contains(List.of(FORWARD))) {
            throw failure(at(top, FORWARD), "forward takes tables, each begun by [[forward]]");
        }
    }

    private void readBridges(TomlTable table) throws ExitException {
        for (String name : table.keySet()) {
            if (!isPlain(name)) {
                throw failure(at(table, name), "a bridge's name takes up to 40 letters, digits, - and _");
            }
            if (bridges.size() == MAX_BRIDGES) {
                throw failure(at(table, name), "bridges takes " + MAX_BRIDGES + " at most");
            }
            Setting line = setting(table, "bridges.", name);
            bridges.put(name, line.parse(value -> KnownBridge.parse(name, value)));
        }
    }

    private void readForwards(TomlArray array) throws ExitException {
        for (int i = 0; i < array.size(); i++) {
            if (i == MAX_FORWARDS || !(array.get(i) instanceof TomlTable table)) {
                throw failure(
                        array.inputPositionOf(i),
                        "forward takes up to " + MAX_FORWARDS + " tables, each begun by [[forward]]");
            }
            readForward(table, array.inputPositionOf(i));
        }
    }

    private void readForward(TomlTable table, TomlPosition begin) throws ExitException {
        ClientOptions options = ClientOptions.NONE;
        for (String key : table.keySet()) {
            ClientOptions.Key option = ClientOptions.Key.of(key);
            if (option != null) {
                ClientOptions before = options;
                options = setting(table, "forward.", key).parse(value -> before.with(option, value));
            } else if (!key.equals(LISTEN) && !key.equals(BRIDGES)) {
                throw failure(at(table, key), unknown(key, "bridges, carrier, cc, idle, listen and mtu"));
            }
        }
        if (!table.contains(List.of(LISTEN))) {
            throw failure(begin, "forward.listen is missing; it takes \"ADDRESS:PORT\"");
        }
        Setting listen = setting(table, "forward.", LISTEN);
        InetSocketAddress address = listen.parse(IpAddresses::parseAddressPort);
        forwards.add(new Forward(listen.where(), address, preferred(table, begin), options));
    }

    private List<KnownBridge> preferred(TomlTable table, TomlPosition begin) throws ExitException {
        if (!(table.get(List.of(BRIDGES)) instanceof TomlArray names)
                || names.isEmpty()
                || names.size() > Forward.MAX_BRIDGES) {
            throw failure(
                    table.contains(List.of(BRIDGES)) ? at(table, BRIDGES) : begin,
                    "forward.bridges takes 1 to " + Forward.MAX_BRIDGES + " names of bridges: [\"NAME\", ...]");
        }
        List<KnownBridge> preferred = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            KnownBridge bridge = names.get(i) instanceof String name ? bridges.get(name) : null;
            if (bridge == null || preferred.contains(bridge)) {
                throw failure(
                        names.inputPositionOf(i),
                        "forward.bridges: name " + (i + 1)
                                + (bridge == null ? " is none of [bridges]" : " is there for the second time"));
            }
            preferred.add(bridge);
        }
        return preferred;
    }

    /** Numbers and truth values as they are written: what they mean is said once, for options. */
    private Setting setting(TomlTable table, String path, String key) throws ExitException {
        Object value = table.get(List.of(key));
        TomlPosition position = at(table, key);
        if (!(value instanceof String || value instanceof Long || value instanceof Boolean)) {
            throw failure(position, path + key + " takes a text in quotes, a whole number, or true or false");
        }
        return new Setting(ExitCode.CONFIGURATION, where(position) + ": " + path + key, value.toString());
    }

    private static @Nullable TomlPosition at(TomlTable table, String key) {
        return table.inputPositionOf(List.of(key));
    }

    private static boolean isPlain(String key) {
        return key.matches("[A-Za-z0-9_-]{1,40}");
    }

    private static String unknown(String key, String known) {
        return (isPlain(key) ? "unknown key " + key : "an unknown key") + "; here are " + known;
    }

    private String where(@Nullable TomlPosition position) {
        return file + (position == null ? "" : ":" + position.line());
    }

    private ExitException failure(@Nullable TomlPosition position, String text) {
        return new ExitException(ExitCode.CONFIGURATION, where(position) + ": " + text);
    }
}
