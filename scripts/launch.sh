# shellcheck shell=sh
# Read by the launchers beside it, which have set $scripts; POSIX sh.
#
# launch JAR HEAP [ARGUMENT...] becomes the Java program in JAR, a path below the top folder. The shell is replaced, so
# that tor's signals reach Java. Set JAVA_HOME to choose the Java, TANDEM_JAVA_OPTS (or JAVA_OPTS) to add to its flags
# or to override them.

# One line for whoever is looking: the terminal or, under tor, its log. There tor shows at its usual level only what a
# LOG message says; the text of an ENV-ERROR and the standard error go to its level "info".
give_up() {
    if [ -n "${TOR_PT_MANAGED_TRANSPORT_VER-}" ]; then
        escaped=$(printf '%s' "$1" | sed 's/["\\]/\\&/g')
        printf 'VERSION 1\nLOG SEVERITY=error MESSAGE="%s"\nENV-ERROR %s\n' "$escaped" "$1"
    fi
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 69
}

launch() {
    top=${scripts%/*}
    jar=$top/$1
    heap=$2
    shift 2

    if [ -n "${JAVA_HOME-}" ]; then
        java=$JAVA_HOME/bin/java
        [ -x "$java" ] || give_up "JAVA_HOME is set, but there is no $java"
    else
        java=$(command -v java) || give_up "no java found: install a Java runtime of version 17 or later, or set JAVA_HOME"
    fi
    [ -r "$jar" ] || give_up "$jar is missing: run 'mvn package' in $top"

    # Quick to start and small, for a program with one busy thread. That thread runs through deep chains of small methods:
    # with the usual bounds on inlining the compiler compiles the same tree again at each of its levels, and takes as much
    # of the processor as the program for the first quarter of a minute. The options are meant to be split into words.
    # shellcheck disable=SC2086
    exec "$java" -XX:+UseSerialGC -Xshare:auto -Xss512k "$heap" -XX:-UsePerfData \
        -XX:FreqInlineSize=120 -XX:InlineSmallCode=800 \
        ${TANDEM_JAVA_OPTS-${JAVA_OPTS-}} -jar "$jar" "$@"
}
