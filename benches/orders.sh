#!/usr/bin/env bash
# Tries the hand-over of spans, flush and shutdown in thousands of orders of their threads, with shuttle.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
exec cargo test --config "build.rustflags=['--cfg', 'shuttle']" -p llmobs-runtime --lib "$@" orders::
