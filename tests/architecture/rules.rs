//! Rules for the text of the published crates and of expansions.

use std::fs;
use std::path::PathBuf;

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
        assert!(
            expansion.contains("::llmobs::__private_0_1_0::Call::"),
            "{} is not an expansion",
            path.display()
        );
        assert!(!expansion.contains("#[allow"), "{}", path.display());
    }
}

/// Pages and routes use the trait `Traces`, so that another database can implement it.
#[test]
fn only_the_store_of_the_explorer_uses_sqlite() {
    let source = workspace().join("llmobs-explorer/src");
    let (store, others): (Vec<_>, Vec<_>) =
        sources(&source).into_iter().partition(|path| path.starts_with(source.join("store")));
    let uses_sqlite = |path: &PathBuf| fs::read_to_string(path).unwrap().contains("rusqlite");
    assert!(store.iter().any(uses_sqlite), "the store does not use SQLite");
    let others: Vec<_> = others.into_iter().filter(uses_sqlite).collect();
    assert!(others.is_empty(), "{others:?} use SQLite");
}

/// A file without a `mod` declaration is not compiled.
#[test]
fn every_source_file_is_a_module() {
    for (_, folder) in published() {
        let source = folder.join("src");
        for path in sources(&source) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            if ["lib", "main"].contains(&name) && path.parent() == Some(source.as_path()) {
                continue;
            }
            let is_mod_file = name == "mod";
            let module = if is_mod_file { path.parent().unwrap() } else { &path };
            let name = module.file_stem().unwrap().to_str().unwrap();
            let around = module.parent().unwrap();
            let parents = [
                around.with_extension("rs"),
                around.join("mod.rs"),
                around.join("lib.rs"),
                around.join("main.rs"),
            ];
            let declared = parents.iter().filter_map(|parent| fs::read_to_string(parent).ok()).any(|text| {
                text.lines().any(|line| line.ends_with(&format!("mod {name};")) && !line.contains("//"))
            });
            assert!(declared, "{} is not declared as a module", path.display());
        }
    }
}
