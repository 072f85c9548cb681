#!/usr/bin/env bash
# Counts the instructions of a disabled call, a recorded call, a poll and the encoding of a span, and fails if one of them is above the
# number in `benches/gate.csv`. Takes about a minute after the build.
#
#     benches/gate.sh            # compares
#     benches/gate.sh --write    # measures, and writes the numbers, with a little room, into the file
#
# A number may be raised in a commit that gives the reason, but never above its goal: a number that has not reached its goal can only
# decrease.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
file=$root/benches/gate.csv
target=${CARGO_TARGET_DIR:-$root/target}/benches
spans=$target/release/spans

if ! command -v valgrind >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind libc6-dbg
fi
# Only this package: the peers are not built.
cargo build --quiet --release --locked --manifest-path "$root/benches/peers/Cargo.toml" --target-dir "$target" -p spans

count() { "$root/benches/callgrind.sh" "$@"; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a - b }'; }
# Instructions of one poll: futures that wait 110 times minus those that wait 10 times.
poll() { less "$(SIZE=110 UNITS=50000 count caller "$spans" "$1" 100 600)" "$(SIZE=10 UNITS=50000 count caller "$spans" "$1" 100 600)"; }

declare -A measured
bare=$(count caller "$spans" bare)
measured["disabled call over bare"]=$(less "$(count caller "$spans" off-plain)" "$bare")
measured["recorded call"]=$(count caller "$spans" plain)
measured["recorded call with annotate"]=$(count caller "$spans" annotate)
measured["span by hand without capture"]=$(count caller "$spans" manual)
measured["poll over bare"]=$(less "$(poll poll)" "$(poll poll-bare)")
measured["encode and send on the worker"]=$(count worker "$spans" plain 400 1400)

failed=0
result=$(mktemp)
trap 'rm -f "$result"' EXIT
head -n 1 "$file" >"$result"
printf '%-32s %10s %10s %10s\n' instructions measured "checked in" goal
while IFS=, read -r name old goal; do
    limit=$old
    now=${measured[$name]:?"$name is in gate.csv, but not measured"}
    if [ "${1:-}" = --write ]; then
        # The worker's figure depends slightly on how the sockets take the requests.
        case $name in *worker*) room=1.03 ;; *) room=1.005 ;; esac
        limit=$(awk -v now="$now" -v room="$room" 'BEGIN { up = now * room; printf "%d", up == int(up) ? up : int(up) + 1 }')
        # Above the goal, the lower number is kept.
        limit=$(awk -v new="$limit" -v old="$old" -v goal="$goal" 'BEGIN { print ((new > goal && new > old) ? old : new) }')
        echo "$name,$limit,$goal" >>"$result"
    fi
    verdict=$(awk -v now="$now" -v limit="$limit" -v goal="$goal" 'BEGIN {
        print (now > limit) ? "TOO HIGH" : (limit > goal) ? "the goal is not reached" : ""
    }')
    printf '%-32s %10s %10s %10s  %s\n' "$name" "$now" "$limit" "$goal" "$verdict"
    [ "$verdict" != "TOO HIGH" ] || failed=1
done < <(tail -n +2 "$file")
[ "${1:-}" != --write ] || cp "$result" "$file"
if [ $failed = 1 ]; then
    echo "a count is too high: see benches/gate.sh" >&2
    exit 1
fi
