#!/usr/bin/env bash
# Sends 2,000 spans a second for ten minutes, or for the seconds given as the argument, to a server that answers every twentieth request
# with a fault. Prints memory, threads, descriptors and the counts every 30 seconds. Fails if the counts are wrong at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

LLMOBS_SOAK_SECONDS="${1:-600}" cargo test --release --test faults
