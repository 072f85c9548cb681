//! The rules of the house that no lint keeps.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and expect-test writes its own strings"
)]

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 4] = ["src", "llmobs-explorer/src", "llmobs-macros/src", "llmobs-runtime/src"];
const MAX_LINES: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(extension) if extension == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

/// The rooms of the published crates with their text. Fails if a folder is not found.
fn rooms() -> Vec<(PathBuf, String)> {
    let files: Vec<PathBuf> = CRATES.iter().flat_map(|folder| sources(&root().join(folder))).collect();
    assert!(files.len() > 30, "only {} files were found", files.len());
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn no_room_is_longer_than_a_reader_has_patience_for() {
    let others = ["examples", "llmobs-explorer/tests", "tests"].map(|folder| sources(&root().join(folder)));
    let others = others.into_iter().flatten().map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
    let long: Vec<_> =
        rooms().into_iter().chain(others).filter(|(_, text)| text.lines().count() > MAX_LINES).collect();
    let long: Vec<_> = long.iter().map(|(path, text)| (path, text.lines().count())).collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines, so probably two ideas: {long:?}");
}

#[test]
fn no_unsafe_code_in_published_crates() {
    for (path, text) in rooms() {
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        let words = code.flat_map(|line| line.split(|char: char| !char.is_alphanumeric() && char != '_'));
        assert_eq!(words.filter(|word| *word == "unsafe").count(), 0, "{}", path.display());
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""), "the lint that forbids it is gone");
}

#[test]
fn expansions_silence_no_lint() {
    let snapshots = sources(&root().join("llmobs-macros/tests/snapshots"));
    assert_eq!(snapshots.len(), 3);
    for path in snapshots {
        let expansion = fs::read_to_string(&path).unwrap();
        assert!(expansion.contains("::llmobs::__private::Call::new"), "{} is no expansion", path.display());
        assert!(!expansion.contains("#[allow"), "{}", path.display());
    }
}
