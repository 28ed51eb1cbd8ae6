# Functions of scripts/test: steps in parallel lanes. The caller makes a folder `work` and removes it at its end.
# shellcheck shell=bash

# Every process of this run has this variable in its environment.
export POOLCOUNTER_TEST=${work:?}
log=$work/log
failures=$work/failures
mkdir -p "$work/running"
touch "$log" "$failures"
lanes=()

# step NAME COMMAND...: prints the command's output when it has ended. Continues after a failure, so that one run shows all failures.
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

# lane COMMAND...: runs a function whose steps follow each other, parallel to the other lanes. Its process group has the processes of its steps.
lane() {
    set -m
    "$@" &
    set +m
    lanes+=($!)
}

# The running steps, and when they began.
progress() {
    local file since name line=
    for file in "$work/running"/*; do
        read -r since name <"$file" 2>/dev/null || continue
        line+="${line:+, }$name ($((SECONDS - since)) s)"
    done
    [ -z "$line" ] || flock "$log" printf '.. %s\n' "$line"
}

ticker() { while sleep 30; do progress; done; }

# wait_for_lanes: until the last one has ended. Prints the running steps twice a minute. A lane that breaks off counts as a failed step.
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

# Without this shell and the lanes, because the kernel does not show the variables that they export.
processes_of_this_run() { grep -slxzF "POOLCOUNTER_TEST=$work" /proc/[0-9]*/environ | cut -d / -f 3; }

# stop_lanes: ends every process of this run. A process has some seconds to clean up.
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
