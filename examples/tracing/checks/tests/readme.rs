//! Checks that the README lists exactly the added lines.

use example_checks::readme::{self, Pair};

const PAIRS: [Pair; 4] = [
    Pair { section: "rig", before: "rig/src/before.rs", after: "rig/src/main.rs" },
    Pair { section: "genai", before: "genai/src/before.rs", after: "genai/src/main.rs" },
    Pair { section: "mcp", before: "mcp/src/server_before.rs", after: "mcp/src/server.rs" },
    Pair { section: "mcp", before: "mcp/src/client_before.rs", after: "mcp/src/client.rs" },
];

#[test]
fn counts_match_git() {
    readme::check_counts(&PAIRS);
}

#[test]
fn lines_match_git_and_the_manifests() {
    readme::check_lines(&PAIRS);
}

#[test]
fn programs_without_llmobs_do_not_use_it() {
    readme::check_programs_before(&PAIRS);
}
