//! Rules on the text of the published crates and of expansions.

use std::fs;

use crate::{published, sources, workspace};

#[test]
fn no_unsafe_code_in_published_crates() {
    for (_, folder) in published() {
        for path in sources(&folder.join("src")) {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
            let words = code.flat_map(|line| line.split(|char: char| !char.is_alphanumeric() && char != '_'));
            assert_eq!(words.filter(|word| *word == "unsafe").count(), 0, "{}", path.display());
        }
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has other lints", folder.display());
    }
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""), "the workspace does not forbid unsafe code");
}

#[test]
fn expansions_silence_no_lint() {
    let snapshots = sources(&workspace().join("llmobs-macros/tests/snapshots"));
    assert_eq!(snapshots.len(), 3);
    for path in snapshots {
        let expansion = fs::read_to_string(&path).unwrap();
        assert!(expansion.contains("::llmobs::__private::Call::new"), "{} is no expansion", path.display());
        assert!(!expansion.contains("#[allow"), "{}", path.display());
    }
}
