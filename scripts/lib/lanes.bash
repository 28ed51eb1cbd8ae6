# Functions of scripts/test: steps in lanes, which go on beside each other. The caller makes a folder `work`, which goes when it ends.
# shellcheck shell=bash

# Every process of this run carries it.
export POOLCOUNTER_TEST=${work:?}
log=$work/log
failures=$work/failures
mkdir -p "$work/running"
touch "$log" "$failures"
lanes=()

# step NAME COMMAND...: prints what the command has said when it has ended. Goes on after a failure, so that one run shows all of them.
step() {
    local name=$1 said ended=passed TIMEFORMAT='%0R s (CPU: %0U s, and %0S s in the kernel)'
    shift
    said=$(mktemp "$work/said.XXXX")
    printf '%s %s\n' "$SECONDS" "$name" >"$work/running/$BASHPID"
    flock "$log" printf '.. %s begins\n' "$name"
    { time "$@" >"$said" 2>&1 </dev/null; } 2>"$said.time" || ended=FAILED
    rm -f "$work/running/$BASHPID"
    [ "$ended" = passed ] || printf '%s\n' "$name" >>"$failures"
    {
        printf '\n== %s\n' "$name"
        cat "$said"
        printf -- '-- %s: %s after %s\n' "$name" "$ended" "$(tail -n 1 "$said.time")"
    } | flock "$log" tee -a "$log"
    rm -f "$said" "$said.time"
}

# lane COMMAND...: a function whose steps follow each other, beside the other lanes. It has a process group of its own, and its steps' processes are in it.
lane() {
    set -m
    "$@" &
    set +m
    lanes+=($!)
}

# What goes on, and since when.
progress() {
    local file since name line=
    for file in "$work/running"/*; do
        read -r since name <"$file" 2>/dev/null || continue
        line+="${line:+, }$name ($((SECONDS - since)) s)"
    done
    [ -z "$line" ] || flock "$log" printf '.. %s\n' "$line"
}

ticker() { while sleep 30; do progress; done; }

# wait_for_lanes: until the last one has ended. Says what goes on, twice a minute. A lane that breaks off is a step that failed.
wait_for_lanes() {
    local waited=("${lanes[@]}") lane
    lane ticker
    for lane in "${waited[@]}"; do
        wait "$lane" || printf 'a lane that broke off\n' >>"$failures"
    done
    kill -TERM -- "-${lanes[-1]}" || true
    wait "${lanes[-1]}" 2>/dev/null || true
    lanes=()
}

# Without this shell and the lanes, of which the kernel does not show what they export.
processes_of_this_run() { grep -slxzF "POOLCOUNTER_TEST=$work" /proc/[0-9]*/environ | cut -d / -f 3; }

# stop_lanes: ends every process of this run. What has something to clean up has some seconds for it.
stop_lanes() {
    local left try lane
    for lane in "${lanes[@]}"; do kill -TERM -- "-$lane" 2>/dev/null || true; done
    for try in TERM 0 0 0 0 0 0 0 0 0 KILL; do
        mapfile -t left < <(processes_of_this_run)
        [ ${#left[@]} -gt 0 ] || return 0
        kill -"$try" "${left[@]}" 2>/dev/null || true
        sleep 0.5
    done
}
