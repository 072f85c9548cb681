#!/usr/bin/env bash
# Runs the hand-over of spans, flush and shutdown in thousands of thread schedules with shuttle.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
exec cargo test --config "build.rustflags=['--cfg', 'shuttle']" -p llmobs-runtime --lib "$@" orders::
