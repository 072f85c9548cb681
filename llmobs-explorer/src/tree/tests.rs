use super::*;
use crate::span::Tokens;

/// Spans with their ids as names. They start one nanosecond apart and take 10 ns.
fn tree(spans: &[(&str, Option<&str>)]) -> Tree {
    let node = |(at, &(id, parent)): (i64, &(&str, Option<&str>))| Node {
        row: at,
        span_id: id.to_owned(),
        parent_id: parent.map(str::to_owned),
        name: id.to_owned(),
        kind: "task".to_owned(),
        failed: id.starts_with('!'),
        start_ns: at,
        duration_ns: 10,
        model_name: None,
        tokens: Tokens::default(),
        time_to_first_token: None,
    };
    Tree::new((0..).zip(spans).map(node).collect())
}

/// Lines as text: two spaces per level, `+` for folded, `-` for open.
fn drawn(tree: &Tree, lines: &[Line]) -> String {
    let line = |line: &Line| match *line {
        Line::Span { node, depth, open } => {
            let mark = open.map_or("", |open| if open { "-" } else { "+" });
            format!("{}{}{mark}", "  ".repeat(depth), tree.nodes[node].name)
        }
        Line::More { depth, after, left, .. } => format!("{}… {left} after {after}", "  ".repeat(depth)),
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn spans_are_below_their_parents() {
    let tree = tree(&[
        ("root", None),
        ("a", Some("root")),
        ("!b", Some("a")),
        ("c", Some("root")),
        ("orphan", Some("gone")),
    ]);
    assert_eq!(drawn(&tree, &tree.lines(100, &HashSet::new())), "root-\n  a-\n    !b\n  c\norphan");
    assert_eq!((tree.below(0), tree.errors(0), tree.errors(3)), (3, 1, 0));
    assert_eq!((tree.is_orphan(0), tree.is_orphan(4)), (false, true));
    assert_eq!(tree.above(2), [0, 1]);
    assert_eq!(tree.range_ns(), (0, 14));
    // From 0 to 10; `a` from 1 to 11, which covers `c` as well.
    assert_eq!((tree.self_ns(0), tree.self_ns(3)), (1, 10));
}

#[test]
fn lines_beyond_the_budget_are_folded_and_a_selected_span_is_shown() {
    let tree = tree(&[
        ("root", None),
        ("a", Some("root")),
        ("b", Some("root")),
        ("a1", Some("a")),
        ("a2", Some("a")),
        ("b1", Some("b")),
        ("b2", Some("b1")),
    ]);
    assert_eq!(drawn(&tree, &tree.lines(4, &HashSet::new())), "root-\n  a+\n  b-\n    b1+");
    let wanted = HashSet::from([4]);
    assert_eq!(drawn(&tree, &tree.lines(1, &wanted)), "root-\n  a-\n    a1\n    a2\n  b+");
    assert_eq!(drawn(&tree, &tree.children_lines(Some(2), 0)), "    b1+");
}

#[test]
fn many_children_are_shown_in_parts() {
    let ids: Vec<String> = (0..250).map(|number| format!("c{number}")).collect();
    let mut spans = vec![("root", None)];
    spans.extend(ids.iter().map(|id| (id.as_str(), Some("root"))));
    let tree = tree(&spans);
    let lines = tree.lines(1000, &HashSet::new());
    assert_eq!(lines.len(), 1 + CHILDREN + 1);
    assert_eq!(lines.last(), Some(&Line::More { of: Some(0), depth: 1, after: 100, left: 150 }));
    let rest = tree.children_lines(Some(0), 100);
    assert_eq!(rest.first(), Some(&Line::Span { node: 101, depth: 1, open: None }));
    assert_eq!(rest.last(), Some(&Line::More { of: Some(0), depth: 1, after: 200, left: 50 }));
    assert_eq!(tree.children_lines(Some(0), 200).len(), 50);
    // The 180th child is selected, so the children before it are shown too.
    assert_eq!(tree.lines(10, &HashSet::from([180])).len(), 1 + 180 + 1);
}

#[test]
fn a_selected_child_far_away_is_shown_alone() {
    let ids: Vec<String> = (0..5_000).map(|number| format!("c{number}")).collect();
    let mut spans = vec![("root", None)];
    spans.extend(ids.iter().map(|id| (id.as_str(), Some("root"))));
    spans.push(("below", Some("c4200")));
    let tree = tree(&spans);
    let far = tree.find("c4200").unwrap();
    let lines = tree.lines(10, &HashSet::from([far]));
    assert_eq!(lines.len(), 1 + CHILDREN + 1 + 2);
    assert_eq!(drawn(&tree, &lines[CHILDREN..]), "  c99\n  … 4900 after 100\n  c4200-\n    below");
}

#[test]
fn cycles_and_deep_trees_are_shown() {
    let circle = tree(&[("a", Some("c")), ("b", Some("a")), ("c", Some("b")), ("self", Some("self"))]);
    assert_eq!(drawn(&circle, &circle.lines(100, &HashSet::new())), "a-\n  b-\n    c\nself");
    let ids: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let deep: Vec<(&str, Option<&str>)> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| (id.as_str(), at.checked_sub(1).map(|above| ids[above].as_str())))
        .collect();
    let deep = tree(&deep);
    assert_eq!(deep.below(0), 49_999);
    assert_eq!(deep.lines(300, &HashSet::new()).len(), 300);
    assert_eq!(deep.above(49_999).len(), 49_999);
}

/// The start of the first span and the end of the last in seconds, and the spans that are far away.
fn axis(spans: &[(i64, i64)]) -> (i64, i64, Vec<usize>) {
    const SECOND: i64 = 1_000_000_000;
    let mut tree = tree(&vec![("s", None); spans.len()]);
    let mut nodes = std::mem::take(&mut tree.nodes);
    for (node, (start, duration)) in nodes.iter_mut().zip(spans) {
        (node.start_ns, node.duration_ns) = (start * SECOND, duration * SECOND);
        node.parent_id = (*start > 0).then(|| "above".to_owned());
    }
    let tree = Tree::new(nodes);
    let (from, to) = tree.range_ns();
    (from / SECOND, to / SECOND, (0..spans.len()).filter(|&node| tree.is_far(node)).collect())
}

#[test]
fn the_axis_excludes_wrong_clocks() {
    const NOW: i64 = 1_790_000_000;
    const HOUR: i64 = 3600;
    // One span in 1970, and one with a wrong time zone.
    assert_eq!(axis(&[(5, 1), (NOW, 9), (NOW + 1, 2), (NOW + 4, 5)]), (NOW, NOW + 9, vec![0]));
    assert_eq!(axis(&[(NOW, 9), (NOW + 1, 2), (NOW + 9 * HOUR, 5)]), (NOW, NOW + 9, vec![2]));
    // A span that seems to take 57 years, also as the root.
    assert_eq!(axis(&[(5, NOW), (NOW, 9), (NOW + 1, 2), (NOW + 4, 5)]), (NOW, NOW + 9, vec![0]));
    assert_eq!(axis(&[(0, NOW), (NOW, 9), (NOW + 1, 2), (NOW + 4, 5)]), (NOW, NOW + 9, vec![0]));
    // An agent that waits for a person, a task that follows, and consecutive spans without a root.
    assert_eq!(axis(&[(0, 9 * HOUR), (1, 2), (8 * HOUR, 2)]), (0, 9 * HOUR, vec![]));
    assert_eq!(axis(&[(0, 60), (30, 10), (600, 5)]), (0, 605, vec![]));
    let steps: Vec<(i64, i64)> = (1..2_000).map(|step| (NOW + step * 50, 1)).collect();
    assert_eq!(axis(&steps), (NOW + 50, NOW + 1_999 * 50 + 1, vec![]));
    // Two unrelated spans: the root is shown.
    assert_eq!(axis(&[(0, 5), (NOW, 5)]), (0, 5, vec![1]));
    assert_eq!(axis(&[(i64::MAX / 1_000_000_000 - 9, 5)]).2, Vec::<usize>::new());
}
