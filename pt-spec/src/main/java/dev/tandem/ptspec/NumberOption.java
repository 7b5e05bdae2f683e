package dev.tandem.ptspec;

/** Options that take a whole number, by the same name and in the same range at both ends. */
public enum NumberOption {
    /** The UDP payload of µTP datagrams, in bytes. */
    MTU("mtu", 576, 65_000),
    /** Seconds, to a week, without a byte after which a session ends. */
    IDLE("idle", 1, 604_800);

    private final String key;
    private final int least;
    private final int most;

    NumberOption(String key, int least, int most) {
        this.key = key;
        this.least = least;
        this.most = most;
    }

    /** Its name, without {@code =}. */
    public String key() {
        return key;
    }

    /** Of its values. */
    public int least() {
        return least;
    }

    /** Of its values. */
    public int most() {
        return most;
    }

    /** Reads a value, as {@link #parse(String, int, int, String)}. */
    public int parse(String value) {
        return parse(key, least, most, value);
    }

    /**
     * Reads the value of an option.
     *
     * @param least 0 or more
     * @param most below 10^9
     * @throws IllegalArgumentException if it is no such number, with one line that names the option and its range, not the value
     */
    public static int parse(String key, int least, int most, String value) {
        // Nine digits are an int, and nothing else is let through.
        int number = value.matches("[0-9]{1,9}") ? Integer.parseInt(value) : -1;
        if (number < least || number > most) {
            throw new IllegalArgumentException(key + "= takes a number from " + least + " to " + most);
        }
        return number;
    }
}
