# shellcheck shell=bash
# Read by the scripts beside it, which have set $name and $scripts; bash.

say() { printf '%s: %s\n' "$name" "$*" >&2; }

# need COMMAND PACKAGE ...: makes sure that every command is there, in pairs with the Debian package that has it. A command
# may be module:NAME, a module of Debian's Python.
# Installs what is missing where apt-get is at hand and we are root; else says what to install, and ends.
need() {
    local missing=()
    while [ $# -gt 0 ]; do
        # One package may have several of the commands.
        has "$1" || [[ " ${missing[*]} " == *" $2 "* ]] || missing+=("$2")
        shift 2
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
        say "please install: ${missing[*]} (on Debian: apt-get install ${missing[*]})"
        exit 69
    fi
    say "installing ${missing[*]}"
    install_packages "${missing[@]}" || {
        say "apt-get could not install: ${missing[*]}"
        exit 69
    }
}

# libutp for Node.js, as pinned in lab/interop; node and npm must be there.
need_interop() {
    local interop=$scripts/lab/interop
    if ! cmp -s "$interop/package-lock.json" "$interop/node_modules/.installed"; then
        # The binary is in the package: its install script, which might compile, is not wanted.
        (cd "$interop" && npm ci --ignore-scripts --loglevel=error)
        cp "$interop/package-lock.json" "$interop/node_modules/.installed"
    fi
}

# A real nginx with TLS, for the tests only: Debian's package would start a service on port 80, which nobody asked for.
need_nginx() {
    has nginx || (
        policy=/usr/sbin/policy-rc.d
        if [ "$(id -u)" -eq 0 ] && has apt-get && [ ! -e "$policy" ]; then
            # invoke-rc.d(8): 101 forbids a package to start its service.
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod +x "$policy"
        fi
        need nginx nginx-light
    )
}

install_packages() {
    local log
    log=$(mktemp)
    # The package lists may be missing or old: look again only when the first try fails.
    if ! apt_install "$@" >"$log" 2>&1 && ! { apt-get update -q && apt_install "$@"; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }

# tor and tor-gencert may be in folders that only root has on its PATH. Debian's Python modules are its own Python's.
has() {
    case $1 in
    module:*) /usr/bin/python3 -c "import ${1#module:}" >/dev/null 2>&1 ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
    esac
}
