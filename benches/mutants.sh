#!/usr/bin/env bash
# Removes safeguards of delivery from a copy of the sources, one at a time, and shows the test that fails. Fails if no test does.
#
#     benches/mutants.sh              # all: about a minute for each
#     benches/mutants.sh A1 A15       # those of some rows of the fault matrix
#
# The table is in `benches/mutants.py`.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/mutants.py" "$@"
