//! The modules of the published crates: they have no cycles, and ARCHITECTURE.md shows their graph.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::graph::Graphs;
use crate::{published, workspace};

fn checked() -> Vec<(String, Graphs)> {
    published().into_iter().map(|(name, folder)| (name, Graphs::load(&root(&folder), workspace()))).collect()
}

/// The root of the library, or of the program if there is no library.
fn root(folder: &Path) -> PathBuf {
    let library = folder.join("src/lib.rs");
    if library.exists() { library } else { folder.join("src/main.rs") }
}

#[test]
fn modules_have_no_cycles() {
    let cycles: String = checked().iter().map(|(_, graphs)| graphs.cycles()).collect();
    assert!(cycles.is_empty(), "modules use each other in a cycle:\n\n{cycles}");
}

/// ARCHITECTURE.md has a block for each crate, after a comment that names it. `UPDATE_EXPECT=1` writes the blocks.
#[test]
fn architecture_shows_the_graph_of_each_crate() {
    let path = workspace().join("ARCHITECTURE.md");
    let written = fs::read_to_string(&path).unwrap();
    let (mut computed, mut differing) = (written.clone(), String::new());
    for (name, graphs) in checked() {
        let marker = format!("<!-- modules: {name} -->\n```text\n");
        let (before, rest) = computed
            .split_once(&marker)
            .unwrap_or_else(|| panic!("ARCHITECTURE.md has no block that begins with\n{marker}"));
        let (shown, after) = rest.split_once("```\n").expect("the block has no end");
        let layers = graphs.layers();
        if shown != layers {
            differing.push_str(&format!("\n{marker}{layers}```\n"));
        }
        computed = format!("{before}{marker}{layers}```\n{after}");
    }
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, computed).unwrap();
    } else {
        assert!(
            differing.is_empty(),
            "ARCHITECTURE.md shows other graphs; UPDATE_EXPECT=1 writes these:\n{differing}"
        );
    }
}
