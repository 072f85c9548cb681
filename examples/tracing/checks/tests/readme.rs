//! Checks that the README lists exactly the added lines.

use example_checks::readme::{self, Pair};

const PAIRS: [Pair; 4] = [
    Pair { section: "rig", before: "rig/src/before.rs", after: "rig/src/main.rs" },
    Pair { section: "genai", before: "genai/src/before.rs", after: "genai/src/main.rs" },
    Pair { section: "mcp", before: "mcp/src/server_before.rs", after: "mcp/src/server.rs" },
    Pair { section: "mcp", before: "mcp/src/client_before.rs", after: "mcp/src/client.rs" },
];

#[test]
fn the_counts_are_those_of_git() {
    readme::check_counts(&PAIRS);
}

#[test]
fn the_lines_are_those_of_git_and_of_the_manifests() {
    readme::check_lines(&PAIRS);
}

#[test]
fn the_programs_before_know_nothing_of_llmobs() {
    readme::check_programs_before(&PAIRS);
}
