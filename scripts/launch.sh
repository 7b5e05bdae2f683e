# shellcheck shell=sh
# Read by the launchers beside it and by scripts/archive, which have set $scripts; POSIX sh.
#
# launch JAR MAIN HEAP [ARGUMENT...] becomes the Java program whose class MAIN is in JAR, a path below the top folder. The shell
# is replaced, so that tor's signals reach Java. Set JAVA_HOME to choose the Java, TANDEM_JAVA_OPTS (or JAVA_OPTS) to add to
# its flags or to override them; -XX flags that this Java does not know are passed over.
#
# In a package the launchers, this file and the JARs are in one folder, with a Java of their own in its folder java: that is the
# one which was tried, its archive is of it, and AppArmor's rules name it, so it is taken whatever JAVA_HOME says.
#
# Beside JAR may be an archive of its classes as Java wants them in memory (AppCDS), made by scripts/archive: with it a proxy starts
# in half to two thirds of the time. Its name tells from which JAR and which Java it is, so that one of another is never used; Java
# looks for itself besides. Where there is none, all works without.
# TANDEM_ARCHIVE=none does without it.

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

# find_jar PATH sets $jar.
find_jar() {
    jar=$scripts/${1##*/}
    if [ ! -r "$jar" ]; then jar=${scripts%/*}/$1; fi
    [ -r "$jar" ] || give_up "$jar is missing: run 'mvn package' in ${scripts%/*}"
}

# Sets $java.
find_java() {
    if [ -x "$scripts/java/bin/java" ]; then
        java=$scripts/java/bin/java
    elif [ -n "${JAVA_HOME-}" ]; then
        java=$JAVA_HOME/bin/java
        [ -x "$java" ] || give_up "JAVA_HOME is set, but there is no $java"
    else
        java=$(command -v java) || give_up "no java found: install a Java runtime of version 17 or later, or set JAVA_HOME"
    fi
}

# Sets $archive to where that of $jar and $java is or would be; to nothing where this cannot be told.
name_archive() {
    archive=
    real=$(readlink -f -- "$java") || return 0
    # Size, change of content or of anything else, and number of the file: no two files agree in all.
    key=$(stat -L -c %s-%Z-%i -- "$jar" "${real%/bin/java}/lib/modules" 2>/dev/null) || return 0
    jar_key=${key%%[!0-9-]*}
    java_key=${key##*[!0-9-]}
    archive=${jar%.jar}-$jar_key-$java_key.jsa
}

launch() {
    find_jar "$1"
    program=${1%%/*}
    main=$2
    heap=$3
    shift 3

    find_java
    sharing=-Xshare:auto
    case ${TANDEM_ARCHIVE-}$program in
    client-pt | server-pt)
        name_archive
        if [ -r "$archive" ]; then sharing=-XX:SharedArchiveFile=$archive; fi
        ;;
    esac

    # Java's own messages: standard output belongs to tor, and that an archive does not fit is no news to anybody.
    # The archive is used where it is, not moved to an address of chance: to move it is to write to all of its 30 MB.
    # The heap begins small: Java's first size is a share of the machine's memory, and all of it is touched before the first collection.
    # What the compilers took is given back to the system each five seconds, where Java can do that (17.0.15 and 25 can; others pass it over).
    # Quick to start and small, for a program with one busy thread. That thread runs through deep chains of small methods:
    # with the usual bounds on inlining the compiler compiles the same tree again at each of its levels, and takes as much
    # of the processor as the program for the first quarter of a minute. Not by -jar, for which Java reads the whole of the JAR's
    # table of contents before it begins. The options are meant to be split into words.
    # shellcheck disable=SC2086
    MALLOC_ARENA_MAX=1 exec "$java" -Xlog:disable -Xlog:all=error:stderr -Xshare:auto "$sharing" \
        -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 \
        -XX:+IgnoreUnrecognizedVMOptions -XX:TrimNativeHeapInterval=5000 \
        -XX:+UseSerialGC -Xms9m -Xmn3m "$heap" -Xss512k -XX:-UsePerfData \
        -XX:FreqInlineSize=120 -XX:InlineSmallCode=800 -Dio.netty.jfr.enabled=false -Dio.netty.leakDetection.level=disabled ${TANDEM_JAVA_OPTS-${JAVA_OPTS-}} -cp "$jar" "$main" "$@"
}
