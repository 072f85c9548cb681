//! Checks that the README of a workspace of examples is correct.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A program without llmobs, and the same program with it.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The section of the README, and the folder.
    pub section: &'static str,
    pub before: &'static str,
    pub after: &'static str,
}

/// The directory of the examples. Tests run in the directory of their package, which is a child of it.
fn directory() -> &'static Path {
    Path::new("..")
}

/// The only block of this language in a section of the README.
pub fn block(section: &str, language: &str) -> String {
    let readme = fs::read_to_string(directory().join("README.md")).unwrap();
    let (_, section) = readme.split_once(&format!("\n## {section}\n")).expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let (_, block) = section.split_once(&format!("\n```{language}\n")).expect("a block");
    let (block, rest) = block.split_once("```\n").expect("the end of a block");
    assert!(!rest.contains(&format!("\n```{language}\n")), "the section has more than one block");
    block.to_owned()
}

/// Compares the counts in the section "Added lines" with those of git.
pub fn check_counts(pairs: &[Pair]) {
    let counts = pairs.iter().map(|pair| {
        let count = git_diff("--numstat", *pair);
        let mut numbers = count.split('\t');
        let (added, removed) = (numbers.next().unwrap(), numbers.next().unwrap());
        format!("{added}\t{removed}\t{} => {}\n", pair.before, pair.after)
    });
    assert_eq!(block("Added lines", "text"), counts.collect::<String>());
}

/// Compares the lines in the sections with those of git and of the manifests.
pub fn check_lines(pairs: &[Pair]) {
    for section in pairs.iter().map(|pair| pair.section) {
        let diffs = pairs.iter().filter(|pair| pair.section == section).map(|pair| {
            let diff = git_diff("--unified=0", *pair);
            // Without the header of git, which has hashes.
            diff.lines().skip(2).map(|line| format!("{line}\n")).collect::<String>()
        });
        assert_eq!(block(section, "diff"), diffs.collect::<String>(), "{section}");

        let manifest = fs::read_to_string(directory().join(section).join("Cargo.toml")).unwrap();
        let lines: Vec<String> =
            manifest.lines().filter(|line| line.contains("llmobs")).map(|line| format!("{line}\n")).collect();
        assert_eq!(lines, [block(section, "toml")], "{section}");
    }
}

/// Checks that the programs without llmobs do not use it.
pub fn check_programs_before(pairs: &[Pair]) {
    for Pair { before, .. } in pairs {
        let program = fs::read_to_string(directory().join(before)).unwrap();
        assert!(!program.to_lowercase().contains("llmobs"), "{before}");
    }
}

fn git_diff(option: &str, Pair { before, after, .. }: Pair) -> String {
    let output = Command::new("git")
        .args(["diff", "--no-index", "--no-color", option, before, after])
        .current_dir(directory())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
