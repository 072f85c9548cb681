//! Rules of the architecture that no lint checks.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

mod fixtures;
mod graph;
mod links;
mod modules;
mod names;
mod rules;
mod source;
mod uses;

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the workspace.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The published crates, by name, with their folders: the facade, and all members of the workspace that begin with its name.
fn published() -> Vec<(String, PathBuf)> {
    let folders = fs::read_dir(workspace()).unwrap().map(|entry| entry.unwrap().path());
    let name = |folder: &Path| folder.file_name().unwrap().to_str().unwrap().to_owned();
    let crates =
        folders.filter(|folder| name(folder).starts_with("llmobs-") && folder.join("Cargo.toml").exists());
    let mut crates: Vec<_> = crates.map(|folder| (name(&folder), folder)).collect();
    crates.push(("llmobs".to_owned(), workspace().to_owned()));
    crates.sort();
    assert!(crates.len() >= 4, "only {} crates were found", crates.len());
    crates
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
