# shellcheck shell=bash
# Read by the scripts beside it, which have set $scripts and $top and have read needs.sh; bash.

# Left behind by a successful build: Maven does not touch a jar that comes out the same.
stamp=$top/target/built

# True if a jar is missing, or something that goes into it is younger than both it and the last build.
must_build() {
    local jar newest
    for jar in "$top/client-pt/target/client-pt.jar" "$top/server-pt/target/server-pt.jar" "$top/utp/cat/target/utpcat.jar"; do
        [ -f "$jar" ] || return 0
        newest=$jar
        [ "$stamp" -nt "$jar" ] && newest=$stamp
        [ -z "$(find "$top" \( -name target -o -name node_modules -o -name '.git*' -o -name test -o -path "$scripts" \) -prune \
            -o -type f \( -name pom.xml -o -path '*/src/main/*' \) -newer "$newest" -print -quit)" ] || return 0
    done
    return 1
}

# build [ARGUMENT...]: all of it, with more for Maven.
build() {
    need javac openjdk-17-jdk-headless mvn maven
    say "building (mvn package, without the tests)"
    # The modes of files go into JARs, and must not be those of whoever builds.
    (umask 022 && cd "$top" && mvn -q -B -DskipTests "$@" package >&2) || {
        say "the build failed"
        exit 1
    }
    mkdir -p "$top/target"
    touch "$stamp"
}
