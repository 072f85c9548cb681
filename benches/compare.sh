#!/usr/bin/env bash
# Measures llmobs and its peers, prints the goals next to the results, and writes `BENCHMARKS.md` and `benches/results/`.
#
#     benches/compare.sh                       # everything: about an hour on two quiet cores
#     benches/compare.sh instructions cpu      # some parts; the others keep their last results
#     benches/compare.sh report                # the table of the last results; measures nothing
#
# | part | measures | takes about |
# |---|---|---|
# | instructions | the caller and the worker, by callgrind | 10 minutes |
# | allocations | a counting allocator, in a separate build | 3 minutes, nearly all for the build |
# | cpu | CPU time of the caller, modes in turn | 5 minutes |
# | delivery | spans over HTTP, in turn with the reference SDK | 10 minutes |
# | stack | bytes of stack per call, release and debug | 2 minutes |
# | growth | how the cost grows with sizes and counts | 5 minutes |
# | http | the cost of a layer for a client of reqwest that reads streams | 2 minutes |
# | tracing | the cost of layers for a span of `tracing` | 3 minutes |
# | compile | the compile time of llmobs | 15 minutes |
#
# The variable REPETITIONS (5) is the number of measurements of each time, and RESULTS names another folder for the results.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if ! command -v valgrind >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind libc6-dbg
fi
exec python3 "$root/benches/compare.py" "$@"
