# Functions of the tests of the Python packages. The caller has a folder `work`, and has read scripts/lib/steps.bash and packaging/python/wheels.bash.
# shellcheck shell=bash

# start_daemon: sets address. The daemon ends with this program.
start_daemon() {
    local try
    address=127.$((RANDOM % 200 + 20)).$((RANDOM % 250 + 2)).$((RANDOM % 250 + 2))
    setpriv --pdeathsig KILL "${POOLCOUNTERD:?}" --listen "$address" >"${work:?}/daemon.log" 2>&1 &
    daemon=$!
    for ((try = 0; try < 200; try++)); do
        if (exec 3<>"/dev/tcp/$address/7531") 2>/dev/null; then return; fi
        kill -0 "$daemon" 2>/dev/null || break
        sleep 0.05
    done
    cat "$work/daemon.log"
    return 1
}

stop_daemon() {
    [ -n "${daemon:-}" ] || return 0
    kill "$daemon" && wait "$daemon"
    daemon=
}

# wheel_of FOLDER ARCHITECTURE: prints the file.
wheel_of() { echo "$1"/poolcounter-*-py3-none-manylinux_*_"$2".whl; }

# is_manylinux WHEEL: auditwheel agrees with the tag of its name.
is_manylinux() {
    local tag=${1##*-} said
    tag=${tag%.whl}
    said=$("${wheel_tools:?}/bin/auditwheel" show "$1" | tr '\n' ' ') || return
    printf '%s\n' "$said" | grep -qF "consistent with the following platform tag: \"$tag\"" && return
    printf '%s is not %s: %s\n' "$1" "$tag" "$said"
    return 1
}

# has_licences WHEEL: the library contains crates, whose licences must be with every copy.
has_licences() { unzip -p "$1" poolcounter/THIRD-PARTY | grep -E '^slab [0-9.]+, MIT, by '; }

# says TEXT COMMAND...: the command succeeds, and TEXT is all that it prints.
says() {
    local said text=$1
    shift
    said=$("$@" 2>&1) && [ "$said" = "$text" ] && return
    printf 'expected: %s\nprinted:  %s\n' "$text" "$said"
    return 1
}

# complains TEXT COMMAND...: the command fails, and prints the text in one line and no traceback.
complains() {
    local said text=$1
    shift
    if said=$("$@" 2>&1); then
        printf 'it succeeded: %s\n' "$said"
        return 1
    fi
    printf '%s\n' "$said" | grep -qF "$text" && ! printf '%s\n' "$said" | grep -q Traceback && return
    printf 'expected: %s\nprinted:  %s\n' "$text" "$said"
    return 1
}
