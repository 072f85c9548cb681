# The checks of this project: `just` lists them, `just check` runs those that each commit should pass, and `just ci` runs all.
# `.ci/run` installs their tools and runs `just ci`.

set shell := ["bash", "-euo", "pipefail", "-c"]

export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")

export LLMOBS_OTEL_RIG := justfile_directory() / "target/newer/debug/rig-otlp-example"

# Separate workspaces that need a newer Rust share a target folder.
newer := "--target-dir target/newer"

# All checks in the order of CI: the fastest ones and those that fail most often come first.
checks := "format typos subjects unused clippy docs licenses explore test features minimal-versions public-api fuzz cost orders more-tests package"

[private]
list:
    @{{ just_executable() }} --list --unsorted

# Format, spelling and lints.
check: format typos clippy

# All checks, with the time of each.
ci:
    @for check in {{ checks }}; do \
        printf '\n== %s\n' "$check"; SECONDS=0; {{ just_executable() }} "$check"; printf '== %s: %s s\n' "$check" "$SECONDS"; \
    done; printf '\nall checks passed\n'

# Format of all workspaces.
format:
    cargo fmt --all --check
    for workspace in benches/peers examples/http examples/tracing fuzz tests/clients tests/opentelemetry; do \
        cargo fmt --manifest-path "$workspace/Cargo.toml" --all --check; \
    done

# Spelling.
typos:
    typos

# Subjects of commits: at most 72 characters, since the introduction of this rule.
subjects:
    .ci/subjects

# Dependencies that no code uses.
unused:
    cargo machete

# Lints of all workspaces. `incompatible_msrv` finds APIs that the oldest supported Rust does not have.
clippy:
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    cargo clippy --manifest-path benches/peers/Cargo.toml --target-dir target/benches --all-targets -- -D warnings
    cargo clippy --manifest-path tests/clients/Cargo.toml {{ newer }} --all-targets -- -D warnings
    cargo clippy --manifest-path examples/http/Cargo.toml {{ newer }} --workspace --all-targets -- -D warnings
    cargo clippy --manifest-path examples/tracing/Cargo.toml {{ newer }} --workspace --all-targets -- -D warnings

# Documentation, without broken links.
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# Licences and sources of dependencies. `cargo deny check` also downloads and checks advisories.
licenses:
    cargo deny --workspace --all-features check licenses bans sources

# The first command of the README: the example, inside the explorer.
explore:
    bash -euo pipefail -c "$(.ci/readme 1)"

# The second command of the README: the tests of the workspace.
test: program-with-rig
    bash -euo pipefail -c "$(.ci/readme 2)"

# The program that a test of the explorer starts. It needs a newer Rust.
[private]
program-with-rig:
    cargo build --manifest-path examples/tracing/Cargo.toml {{ newer }} -p rig-otlp-example

# Each feature, each pair of features, and each published package alone.
features:
    cargo hack check -p llmobs --feature-powerset --depth 2
    cargo hack check -p llmobs-runtime -p llmobs-http --feature-powerset --depth 2
    for package in llmobs-bedrock llmobs-capture llmobs-macros llmobs-providers llmobs-rmcp llmobs-tracing; do \
        cargo check -p "$package"; \
    done

# The libraries with the oldest versions of their dependencies.
minimal-versions:
    .ci/minimal-versions

# The public items of the libraries against public-api/.
public-api:
    .ci/public-api

# Updates public-api/ after a change of public items.
write-public-api:
    .ci/public-api --write

# Each fuzz target for some seconds. `just fuzz 300` takes five minutes for each.
fuzz seconds="5":
    .ci/fuzz {{ seconds }}

# Instructions per span against benches/gate.csv.
cost:
    benches/gate.sh

# Hand-over, flush and shutdown in thousands of thread schedules.
orders:
    benches/orders.sh

# Tests that need features, optimizations or a newer Rust.
more-tests:
    cargo test -p llmobs-runtime --all-features propagation
    cargo test --release --test deep
    cargo test --manifest-path tests/clients/Cargo.toml {{ newer }}
    cargo test --manifest-path tests/opentelemetry/Cargo.toml {{ newer }}
    cargo test --manifest-path examples/http/Cargo.toml {{ newer }} --workspace
    cargo test --manifest-path examples/tracing/Cargo.toml {{ newer }} --workspace

# The crates as a registry would distribute them.
package:
    .ci/package

# Removes safeguards one at a time, and shows which tests fail. Not part of CI: takes half an hour.
mutants *rows:
    benches/mutants.sh {{ rows }}

# Sends spans to a faulty server for ten minutes. Not part of CI.
soak seconds="600":
    benches/soak.sh {{ seconds }}
