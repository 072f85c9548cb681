//! Checks that the README lists exactly the added lines.

use example_checks::readme::{self, Pair};

const PAIRS: [Pair; 4] = [
    Pair { section: "async-openai", before: "async-openai/src/before.rs", after: "async-openai/src/main.rs" },
    Pair { section: "anthropic", before: "anthropic/src/before.rs", after: "anthropic/src/main.rs" },
    Pair { section: "services", before: "services/src/back_before.rs", after: "services/src/back.rs" },
    Pair { section: "services", before: "services/src/front_before.rs", after: "services/src/front.rs" },
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
