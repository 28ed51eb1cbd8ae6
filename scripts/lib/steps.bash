# Functions of the scripts that run tests step by step. The caller makes a folder `work` and removes it at its end.
# shellcheck shell=bash

# Every process of this run has this variable in its environment.
export POOLCOUNTER_RUN=${work:?}
passed=0
failed=0

# step NAME COMMAND...: one test, unless the command sets ran and bad.
step() {
    local name=$1 ran=1 bad=0 begun=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        printf -- '-- %s: passed in %s s\n' "$name" $((SECONDS - begun))
    else
        printf -- '-- %s: FAILED after %s s\n' "$name" $((SECONDS - begun))
        [ "$bad" -gt 0 ] || bad=1
    fi
    passed=$((passed + ran - bad))
    failed=$((failed + bad))
}

# counted COMMAND...: a program that prints the number of its tests in its last line. The number is added to this run's.
counted() {
    local ok=0 log=$work/counted.log
    "$@" | tee "$log" | sed -u -E '/^[0-9]+ passed, [0-9]+ failed$/d' || ok=1
    ran=$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed$/\1 + \2/p' "$log")
    bad=$(sed -nE '$s/.* passed, ([0-9]+) failed$/\1/p' "$log")
    ran=$((${ran:-1})) bad=${bad:-0}
    return "$ok"
}

# replay_stories ARGUMENT...: runs the client stories.
replay_stories() { tell_stories replay "$@"; }

# begin_network_stories ARGUMENT...: starts the network stories. They mostly sleep, so other steps run meanwhile, until `end_stories outages`.
begin_network_stories() { begin_stories outages "$@"; }

# tell_stories PROGRAM ARGUMENT...: runs the program, and adds its numbers to this run's.
tell_stories() {
    begin_stories "$@" && end_stories "$1"
}

declare -A teller

# begin_stories PROGRAM ARGUMENT...: starts the program in the background. NAME= distinguishes several of them.
begin_stories() {
    local program=$1
    shift
    # Built by `cargo test` before. `cargo build` would build it with other features, and replace the program while another step runs it.
    cargo test --quiet --locked --no-run --test network_stories || return
    timeout 600 "${CARGO_TARGET_DIR:-target}/debug/$program" "$@" >"$work/${NAME:-$program}.log" &
    teller[${NAME:-$program}]=$!
}

# end_stories NAME: waits for them.
end_stories() {
    local ok=0 good log=$work/$1.log
    [ -n "${teller[$1]:-}" ] || return
    wait "${teller[$1]}" || ok=1
    sed '$d' "$log"
    good=$(sed -nE '$s/^([0-9]+) passed, .*/\1/p' "$log")
    bad=$(sed -nE '$s/.* passed, ([0-9]+) failed$/\1/p' "$log")
    # Without numbers in the output, the step itself counts as one failure.
    bad=${bad:-0} ran=$((${good:-1} + ${bad:-0}))
    return "$ok"
}

# Sets POOLCOUNTERD to a release build of the daemon, unless it is set already.
build_daemon() {
    if [ -z "${POOLCOUNTERD:-}" ]; then
        cargo build --quiet --locked --release -p poolcounterd || return
        POOLCOUNTERD=$(realpath "${CARGO_TARGET_DIR:-target}/release/poolcounterd")
    fi
    export POOLCOUNTERD
}

no_process_is_left() {
    local process left=0
    for process in /proc/[0-9]*; do
        if tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qx "POOLCOUNTER_RUN=$work"; then
            tr '\0' ' ' <"$process/cmdline"
            left=1
        fi
    done 2>/dev/null
    return "$left"
}

# The closing line, and the exit status that goes with it.
sum_up() {
    printf '\n%s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ]
}
