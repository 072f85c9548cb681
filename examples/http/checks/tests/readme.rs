//! Checks that the README lists exactly the added lines.

use example_checks::readme::{self, Pair};

const PAIRS: [Pair; 4] = [
    Pair { section: "async-openai", before: "async-openai/src/before.rs", after: "async-openai/src/main.rs" },
    Pair { section: "anthropic", before: "anthropic/src/before.rs", after: "anthropic/src/main.rs" },
    Pair { section: "services", before: "services/src/back_before.rs", after: "services/src/back.rs" },
    Pair { section: "services", before: "services/src/front_before.rs", after: "services/src/front.rs" },
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
