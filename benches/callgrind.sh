#!/usr/bin/env bash
# Prints the instructions of one unit of a mode, which is a span for most modes, as counted by callgrind.
#
#     benches/callgrind.sh caller|worker PROGRAM MODE [LOW HIGH]
#
# PROGRAM is the path of `spans` or `others`, both in release mode. `caller` counts the work of the calling thread inside the loop
# `harness::drive`; `worker` counts all work of the other threads of the process: taking, encoding, writing requests and reading responses,
# but not the kernel and the server, which is another process. The figure is the slope between two numbers of traces, LOW and HIGH, so
# that one-time work is not included. With the environment variable UNITS, the difference is divided by UNITS instead of by the spans of
# HIGH - LOW traces.
set -euo pipefail
[ $# -ge 3 ] || { sed -n '2,/^set/p' "${BASH_SOURCE[0]}" | grep '^#'; exit 2; }
thread=$1 program=$2 mode=$3 low=${4:-200} high=${5:-1200}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $thread in
    caller) options=("--toggle-collect=harness::drive") ;;
    worker) options=() ;;
    *) echo "$thread: caller or worker?" >&2; exit 2 ;;
esac
# The worker sends only whole batches: its wake-ups do not depend on the clock.
export INTERVAL=${INTERVAL:-3600}

# Prints the spans and the instructions of this many traces.
count() {
    local out=$work/$1
    if ! valgrind --tool=callgrind --separate-threads=yes --callgrind-out-file="$out" "${options[@]}" \
        "$program" "$mode" "$1" >"$work/stdout" 2>"$work/stderr"; then
        cat "$work/stderr" >&2
        exit 1
    fi
    tail -n 1 "$work/stdout" | awk -F, '$11 > 0 { print "warning: " $11 " spans were dropped" > "/dev/stderr" }'
    local spans
    spans=$(tail -n 1 "$work/stdout" | cut -d, -f2)
    awk -v wanted="$thread" -v spans="$spans" '
        /^thread: / { thread = $2 }
        /^totals: / && (thread == 1) == (wanted == "caller") { sum += $2 }
        END { printf "%d %.0f\n", spans, sum }
    ' "$out"-*
}

read -r spans_low instructions_low < <(count "$low")
read -r spans_high instructions_high < <(count "$high")
awk -v units="${UNITS:-$((spans_high - spans_low))}" -v more=$((instructions_high - instructions_low)) \
    'BEGIN { printf "%.1f\n", more / units }'
