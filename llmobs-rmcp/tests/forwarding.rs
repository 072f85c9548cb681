//! A server forwards each method of `ServerHandler`. A method that is missing would use its default.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The folder of the version of rmcp that this crate uses.
fn rmcp() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--offline"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let metadata: Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let rmcp = packages.iter().find(|package| package["name"] == "rmcp").unwrap();
    Path::new(rmcp["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// The names on the lines between two texts.
fn names(source: &str, from: &str, to: &str, name: impl Fn(&str) -> Option<&str>) -> BTreeSet<String> {
    let lines =
        source.lines().skip_while(|line| !line.starts_with(from)).take_while(|line| !line.starts_with(to));
    lines.filter_map(|line| name(line.trim())).map(ToOwned::to_owned).collect()
}

#[test]
fn each_method_is_forwarded() {
    let theirs = std::fs::read_to_string(rmcp().join("src/handler/server.rs")).unwrap();
    let ours = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server.rs")).unwrap();
    let function = |line: &str| line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").is_some();
    let expected = names(&theirs, "macro_rules! server_handler_methods", "}", |line| {
        function(line)
            .then(|| line.trim_start_matches("async ").trim_start_matches("fn ").split('(').next())?
    });
    assert!(expected.len() > 30, "{expected:?}");
    let found = names(&ours, "impl<H: ServerHandler> ServerHandler for", "}", |line| {
        let is_row = line.ends_with(';') && !line.contains([' ', '.'])
            || line.contains(") -> ") && line.ends_with(';');
        let name = line.trim_start_matches("async ").trim_start_matches("fn ").split('(').next()?;
        let is_name = name.chars().all(|char| char.is_ascii_lowercase() || char == '_');
        ((function(line) || is_row) && is_name).then_some(name)
    });
    assert_eq!(found, expected);
}
