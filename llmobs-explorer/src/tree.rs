//! The spans of a trace as a tree, and the rows of the tree that fit on a page. Pure.

mod axis;

use std::collections::{HashMap, HashSet};

use self::axis::Axis;
use crate::id::canonical;
use crate::traces::Node;

/// The number of children of a span to show initially.
const CHILDREN: usize = 100;
/// Up to this position, a selected child is shown with all children before it.
const BEFORE: usize = 1000;

/// The spans of a trace with their parents and children.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The spans by start.
    pub(crate) nodes: Vec<Node>,
    /// The positions of the children of each node.
    children: Vec<Vec<usize>>,
    /// The position of the parent of each node.
    parents: Vec<Option<usize>>,
    /// The positions of the nodes without a parent.
    roots: Vec<usize>,
    /// The number of descendants of each node.
    below: Vec<usize>,
    axis: Axis,
    /// The number of failed spans among each node and its descendants.
    errors: Vec<usize>,
}

/// A line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A span.
    Span {
        /// Its position.
        node: usize,
        /// The number of its ancestors.
        depth: usize,
        /// Whether its children are shown. `None` if it has none.
        open: Option<bool>,
    },
    /// A link to further children of a span.
    More {
        /// The position of the span. `None` for roots.
        of: Option<usize>,
        /// The number of their ancestors.
        depth: usize,
        /// The number of children before them.
        after: usize,
        /// The number of further children.
        left: usize,
    },
}

impl Tree {
    /// Builds the tree.
    pub(crate) fn new(nodes: Vec<Node>) -> Self {
        let positions: HashMap<&str, usize> =
            nodes.iter().enumerate().map(|(position, node)| (node.span_id.as_str(), position)).collect();
        let mut parents: Vec<Option<usize>> = nodes
            .iter()
            .map(|node| positions.get(node.parent_id.as_deref()?).copied())
            .enumerate()
            .map(|(position, parent)| parent.filter(|&parent| parent != position))
            .collect();
        break_cycles(&mut parents);
        let mut children = vec![Vec::new(); nodes.len()];
        let mut roots = Vec::new();
        for (position, parent) in parents.iter().enumerate() {
            match parent.and_then(|parent| children.get_mut(parent)) {
                Some(children) => children.push(position),
                None => roots.push(position),
            }
        }
        let errors = nodes.iter().map(|node| usize::from(node.failed)).collect();
        let mut tree = Self {
            axis: Axis::default(),
            below: vec![0; nodes.len()],
            errors,
            nodes,
            children,
            parents,
            roots,
        };
        tree.count();
        tree.axis = Axis::new(&tree.nodes, tree.first_root());
        tree
    }

    /// Counts the descendants of each node, from the leaves up.
    fn count(&mut self) {
        let mut order = self.roots.clone();
        let mut at = 0;
        while let Some(&node) = order.get(at) {
            order.extend(self.children_of(node));
            at += 1;
        }
        for &node in order.iter().rev() {
            let Some(parent) = self.parents.get(node).copied().flatten() else { continue };
            let (below, errors) = (self.below(node), self.errors(node));
            if let Some(sum) = self.below.get_mut(parent) {
                *sum += below + 1;
            }
            if let Some(sum) = self.errors.get_mut(parent) {
                *sum += errors;
            }
        }
    }

    fn children_of(&self, node: usize) -> &[usize] {
        self.children.get(node).map_or(&[], Vec::as_slice)
    }

    /// Returns the number of descendants of a node.
    pub(crate) fn below(&self, node: usize) -> usize {
        self.below.get(node).copied().unwrap_or_default()
    }

    /// Returns the number of failed spans among a node and its descendants.
    pub(crate) fn errors(&self, node: usize) -> usize {
        self.errors.get(node).copied().unwrap_or_default()
    }

    /// Whether the parent of a node has not arrived.
    pub(crate) fn is_orphan(&self, node: usize) -> bool {
        let has_parent = self.nodes.get(node).is_some_and(|node| node.parent_id.is_some());
        has_parent && self.parents.get(node).copied().flatten().is_none()
    }

    /// Whether the parent of any node has not arrived.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.roots.iter().any(|&root| self.is_orphan(root))
    }

    /// Returns the position of a span. The id may have any form.
    pub(crate) fn find(&self, span_id: &str) -> Option<usize> {
        let span_id = canonical(span_id);
        self.nodes.iter().position(|node| node.span_id == span_id)
    }

    /// Returns the position of the root, or of the first node without a parent if the root has not arrived.
    pub(crate) fn first_root(&self) -> usize {
        let is_root = |&&node: &&usize| self.nodes.get(node).is_some_and(|node| node.parent_id.is_none());
        self.roots.iter().find(is_root).or(self.roots.first()).copied().unwrap_or_default()
    }

    /// Returns the ancestors of a node, from the root down.
    pub(crate) fn above(&self, node: usize) -> Vec<usize> {
        let mut above = Vec::new();
        let mut at = self.parents.get(node).copied().flatten();
        while let Some(parent) = at {
            above.push(parent);
            at = self.parents.get(parent).copied().flatten();
        }
        above.reverse();
        above
    }

    /// Returns the start of the first span and the end of the last, in nanoseconds since the Unix epoch, without spans that are far away.
    pub(crate) fn range_ns(&self) -> (i64, i64) {
        (self.axis.from, self.axis.to)
    }

    /// Whether a span is far away from the others in time, for example because of a wrong clock.
    pub(crate) fn is_far(&self, node: usize) -> bool {
        self.axis.far.get(node).copied().unwrap_or_default()
    }

    /// Returns the self time of a node.
    pub(crate) fn self_ns(&self, node: usize) -> i64 {
        let Some(span) = self.nodes.get(node) else { return 0 };
        let below = self.children_of(node).iter().filter_map(|&child| self.nodes.get(child));
        self_ns(span, below.map(|child| (child.start_ns, child.duration_ns)))
    }

    /// Returns about `budget` lines from the top. Opens nodes level by level within the budget. The nodes in `opened` and their ancestors
    /// are always open.
    pub(crate) fn lines(&self, budget: usize, opened: &HashSet<usize>) -> Vec<Line> {
        let mut open: HashSet<usize> = opened.iter().flat_map(|&node| self.above(node)).collect();
        open.extend(opened);
        let mut room = budget.saturating_sub(self.roots.len().min(CHILDREN));
        let mut level: Vec<usize> = self.roots.iter().copied().take(CHILDREN).collect();
        while !level.is_empty() {
            let mut next = Vec::new();
            for node in level {
                let children = self.children_of(node);
                let shown = children.len().min(CHILDREN);
                if shown <= room || open.contains(&node) {
                    room = room.saturating_sub(shown);
                    open.insert(node);
                    next.extend(children.iter().copied().take(CHILDREN));
                }
            }
            level = next;
        }
        let mut lines = Vec::new();
        self.write(None, 0, 0, &open, opened, &mut lines);
        lines
    }

    /// Returns the children of a node from a position on, closed.
    pub(crate) fn children_lines(&self, of: Option<usize>, after: usize) -> Vec<Line> {
        let depth = of.map_or(0, |node| self.above(node).len() + 1);
        let mut lines = Vec::new();
        self.write(of, depth, after, &HashSet::new(), &HashSet::new(), &mut lines);
        lines
    }

    /// Writes the children of a node. It has its own stack, because traces may be too deep for recursion.
    fn write(
        &self,
        of: Option<usize>,
        depth: usize,
        after: usize,
        open: &HashSet<usize>,
        wanted: &HashSet<usize>,
        lines: &mut Vec<Line>,
    ) {
        let mut stack = Vec::new();
        self.push(of, depth, after, wanted, &mut stack);
        while let Some(line) = stack.pop() {
            match line {
                Line::Span { node, depth, .. } => {
                    let has_children = !self.children_of(node).is_empty();
                    let is_open = open.contains(&node);
                    lines.push(Line::Span { node, depth, open: has_children.then_some(is_open) });
                    if has_children && is_open {
                        self.push(Some(node), depth + 1, 0, wanted, &mut stack);
                    }
                }
                Line::More { .. } => lines.push(line),
            }
        }
    }

    fn push(
        &self,
        of: Option<usize>,
        depth: usize,
        after: usize,
        wanted: &HashSet<usize>,
        stack: &mut Vec<Line>,
    ) {
        let children = of.map_or(self.roots.as_slice(), |node| self.children_of(node));
        let wanted_at = || (0..).zip(children).filter(|(_, child)| wanted.contains(child)).map(|(at, _)| at);
        let until = wanted_at().filter(|at| *at < BEFORE).max().map_or(0, |at: usize| at + 1);
        let until = until.max(after.saturating_add(CHILDREN)).min(children.len());
        // Selected children further away follow the line for the hidden ones.
        let far: Vec<usize> = wanted_at().filter(|at| *at >= until).collect();
        stack.extend(
            far.iter()
                .rev()
                .filter_map(|&at| children.get(at).map(|&node| Line::Span { node, depth, open: None })),
        );
        if until < children.len() {
            stack.push(Line::More { of, depth, after: until, left: children.len() - until });
        }
        let shown = children.get(after..until).unwrap_or_default();
        stack.extend(shown.iter().rev().map(|&node| Line::Span { node, depth, open: None }));
    }
}

/// Returns the self time of a span: its duration without the time in which a child ran. `children` are the starts and durations of the
/// children, by start.
pub(crate) fn self_ns(span: &Node, children: impl Iterator<Item = (i64, i64)>) -> i64 {
    let end = span.start_ns.saturating_add(span.duration_ns);
    let mut covered = 0;
    let mut until = span.start_ns;
    for (start, duration) in children {
        let child_end = start.saturating_add(duration).min(end);
        let from = start.max(until);
        if child_end > from {
            covered += child_end - from;
            until = child_end;
        }
    }
    span.duration_ns - covered
}

/// Makes spans that are their own ancestors roots, so that invalid traces are shown too.
fn break_cycles(parents: &mut [Option<usize>]) {
    // 0: not visited, 1: on the current path, 2: leads to a root.
    let mut seen = vec![0_u8; parents.len()];
    for start in 0..parents.len() {
        let mut way = Vec::new();
        let mut at = Some(start);
        while let Some(node) = at {
            match seen.get_mut(node) {
                Some(state @ 0) => *state = 1,
                Some(1) => {
                    if let Some(parent) = parents.get_mut(node) {
                        *parent = None;
                    }
                    break;
                }
                _ => break,
            }
            way.push(node);
            at = parents.get(node).copied().flatten();
        }
        for node in way {
            if let Some(state) = seen.get_mut(node) {
                *state = 2;
            }
        }
    }
}

#[cfg(test)]
mod tests;
