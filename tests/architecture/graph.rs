//! The uses between modules as a graph for each folder: its cycles, and its layers as text.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use crate::source::Crate;
use crate::uses::{Use, uses};

/// The graphs of a crate. A module with its contents is one node in the graph of its folder. A use between a module and one that
/// contains it is therefore in no graph.
pub(crate) struct Graphs {
    /// By the path of the module whose children are the nodes.
    folders: BTreeMap<Vec<String>, Graph>,
}

#[derive(Default)]
struct Graph {
    /// For each node, the nodes that it uses, each with the location of the first use.
    edges: BTreeMap<String, BTreeMap<String, Use>>,
}

impl Graphs {
    /// Reads the crate with this root file. Locations are relative to `base`.
    pub(crate) fn load(root: &Path, base: &Path) -> Self {
        let source = Crate::load(root, base);
        let mut folders: BTreeMap<Vec<String>, Graph> = BTreeMap::new();
        folders.entry(Vec::new()).or_default();
        for module in &source.modules {
            if let Some((name, folder)) = module.path.split_last() {
                folders.entry(folder.to_vec()).or_default().edges.entry(name.clone()).or_default();
            }
        }
        for found in uses(&source) {
            let shared = found.from.iter().zip(&found.to).take_while(|(from, to)| from == to).count();
            let (Some(from), Some(to)) = (found.from.get(shared).cloned(), found.to.get(shared).cloned())
            else {
                continue;
            };
            let graph = folders.entry(found.from[..shared].to_vec()).or_default();
            graph.edges.entry(from).or_default().entry(to).or_insert(found);
        }
        Self { folders }
    }

    /// The cycles of all folders as text, each as a chain of modules with the location of each use. Empty if there are none.
    pub(crate) fn cycles(&self) -> String {
        let mut text = String::new();
        for (folder, graph) in &self.folders {
            let full = |name: &String| [&folder[..], std::slice::from_ref(name)].concat().join("::");
            for cycle in graph.cycles() {
                let chain: Vec<String> = cycle.iter().chain(cycle.first()).map(full).collect();
                text.push_str(&chain.join(" -> "));
                text.push('\n');
                for (from, to) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
                    text.push_str(&format!("    {}\n", graph.edges[from][to]));
                }
            }
        }
        text
    }

    /// The top-level modules in layers, each above the modules that it uses, with an empty line between layers.
    ///
    /// # Panics
    ///
    /// If the graph has a cycle.
    pub(crate) fn layers(&self) -> String {
        let graph = &self.folders[&Vec::new()];
        let mut layers: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for name in graph.edges.keys() {
            layers.entry(graph.height(name)).or_default().push(name);
        }
        let width = graph.edges.keys().map(String::len).max().unwrap_or_default();
        let lines = layers.values().rev().map(|names| {
            let lines = names.iter().map(|name| {
                let used: Vec<&str> = graph.edges[*name].keys().map(String::as_str).collect();
                let line = format!("{name:width$} -> {}", used.join(", "));
                if used.is_empty() { format!("{name}\n") } else { format!("{line}\n") }
            });
            lines.collect::<String>()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Graph {
    fn used_by(&self, name: &str) -> Vec<&String> {
        self.edges.get(name).into_iter().flat_map(BTreeMap::keys).collect()
    }

    /// Returns the shortest cycle through each node. Each cycle is listed once, and starts with its first name.
    fn cycles(&self) -> BTreeSet<Vec<String>> {
        let mut cycles = BTreeSet::new();
        for name in self.edges.keys() {
            if let Some(mut cycle) = self.shortest_cycle(name) {
                let first = cycle.iter().enumerate().min_by_key(|(_, name)| *name);
                let at = first.map_or(0, |(at, _)| at);
                cycle.rotate_left(at);
                cycles.insert(cycle);
            }
        }
        cycles
    }

    fn shortest_cycle(&self, start: &String) -> Option<Vec<String>> {
        let mut open = VecDeque::from([vec![start.clone()]]);
        let mut seen = BTreeSet::new();
        while let Some(path) = open.pop_front() {
            for next in self.used_by(path.last()?) {
                if next == start {
                    return Some(path);
                }
                if seen.insert(next) {
                    open.push_back([&path[..], std::slice::from_ref(next)].concat());
                }
            }
        }
        None
    }

    /// Returns the number of layers below a node.
    fn height(&self, name: &str) -> usize {
        assert!(self.shortest_cycle(&name.to_owned()).is_none(), "`{name}` is on a cycle");
        self.used_by(name).into_iter().map(|used| self.height(used) + 1).max().unwrap_or_default()
    }
}
