//! The lines that the README says were added are those that were.

use std::fs;
use std::process::Command;

use http_examples_checks::{directory, readme_block};

/// The section of each pair of programs, and their files.
const PAIRS: [(&str, &str, &str); 4] = [
    ("async-openai", "async-openai/src/before.rs", "async-openai/src/main.rs"),
    ("anthropic", "anthropic/src/before.rs", "anthropic/src/main.rs"),
    ("services", "services/src/back_before.rs", "services/src/back.rs"),
    ("services", "services/src/front_before.rs", "services/src/front.rs"),
];

fn git_diff(option: &str, before: &str, after: &str) -> String {
    let output = Command::new("git")
        .args(["diff", "--no-index", "--no-color", option, before, after])
        .current_dir(directory())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_counts_are_those_of_git() {
    let counts = PAIRS.map(|(_, before, after)| {
        let count = git_diff("--numstat", before, after);
        let mut numbers = count.split('\t');
        let (added, removed) = (numbers.next().unwrap(), numbers.next().unwrap());
        format!("{added}\t{removed}\t{before} => {after}\n")
    });
    assert_eq!(readme_block("The lines", "text"), counts.concat());
}

#[test]
fn the_lines_are_those_of_git() {
    for section in ["async-openai", "anthropic", "services"] {
        let pairs = PAIRS.iter().filter(|(of, _, _)| *of == section);
        let diffs = pairs.map(|(_, before, after)| {
            let diff = git_diff("--unified=0", before, after);
            // Without the header of git, which has hashes.
            diff.lines().skip(2).map(|line| format!("{line}\n")).collect::<String>()
        });
        assert_eq!(readme_block(section, "diff"), diffs.collect::<String>(), "{section}");
    }
}

#[test]
fn one_line_of_each_manifest_is_about_llmobs() {
    for section in ["async-openai", "anthropic", "services"] {
        let manifest = fs::read_to_string(directory().join(section).join("Cargo.toml")).unwrap();
        let lines: Vec<String> =
            manifest.lines().filter(|line| line.contains("llmobs")).map(|line| format!("{line}\n")).collect();
        assert_eq!(lines, [readme_block(section, "toml")], "{section}");
    }
}

#[test]
fn the_programs_before_know_nothing_of_llmobs() {
    for (_, before, _) in PAIRS {
        let program = fs::read_to_string(directory().join(before)).unwrap();
        assert!(!program.to_lowercase().contains("llmobs"), "{before}");
    }
}
