#!/usr/bin/env bash
# Sends 2,000 spans a second for ten minutes, or so many seconds as the argument says, to a server of which every twentieth answer is
# a fault. Prints memory, threads, descriptors and the account every 30 seconds. Fails if the account is wrong at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

LLMOBS_SOAK_SECONDS="${1:-600}" cargo test --release --test faults
