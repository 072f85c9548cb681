//! Random values of each form of serde, with many budgets.

use serde::ser::{Serialize, SerializeSeq as _, SerializeStructVariant as _, Serializer};
use serde_json::Value;

use super::{whole, within};

enum Node {
    Number(u64),
    Text(String),
    Formatted(String),
    Optional(Option<Box<Node>>),
    Newtype(Box<Node>),
    /// A list with a known length.
    List(Vec<Node>),
    /// A list with an unknown length.
    Endless(Vec<Node>),
    /// A list that announces a wrong length.
    Wrong(usize, Vec<Node>),
    /// A list that continues after errors.
    IgnoresErrors(Vec<Node>),
    Map(Vec<(Node, Node)>),
    NewtypeVariant(Box<Node>),
    StructVariant(Box<Node>, Box<Node>),
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Formatted(text) => serializer.collect_str(&format_args!("{text}{text}")),
            Self::Optional(node) => node.serialize(serializer),
            Self::Newtype(node) => serializer.serialize_newtype_struct("N", node),
            Self::List(nodes) => nodes.serialize(serializer),
            Self::Endless(nodes) => list(serializer, None, nodes, false),
            Self::Wrong(length, nodes) => list(serializer, Some(*length), nodes, false),
            Self::IgnoresErrors(nodes) => list(serializer, Some(nodes.len()), nodes, true),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
            Self::NewtypeVariant(node) => serializer.serialize_newtype_variant("V", 0, "variant", node),
            Self::StructVariant(first, second) => {
                let mut fields = serializer.serialize_struct_variant("V", 1, "fields", 2)?;
                fields.serialize_field("first", first)?;
                fields.serialize_field("second", second)?;
                fields.end()
            }
        }
    }
}

fn list<S: Serializer>(
    serializer: S,
    length: Option<usize>,
    nodes: &[Node],
    ignores_errors: bool,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(length)?;
    for node in nodes {
        let written = list.serialize_element(node);
        if !ignores_errors {
            written?;
        }
    }
    list.end()
}

fn node(random: &mut fastrand::Rng, depth: u32) -> Node {
    let text = |random: &mut fastrand::Rng| {
        let pieces = ["plain ", "\"", "\\", "é", "😀", "\n", "\u{1}", "data:image/png;base64,AAAA"];
        let piece = pieces[random.usize(..pieces.len())];
        let most = [3, 30, 300][random.usize(..3)];
        piece.repeat(random.usize(..most))
    };
    let Some(depth) = depth.checked_sub(1) else {
        return if random.bool() { Node::Number(random.u64(..)) } else { Node::Text(text(random)) };
    };
    let below = |random: &mut fastrand::Rng| Box::new(node(random, depth));
    let many = [3, 3, 3, 30][random.usize(..4)];
    let nodes = |random: &mut fastrand::Rng| -> Vec<Node> {
        (0..random.usize(..many)).map(|_| node(random, depth)).collect()
    };
    match random.u32(..12) {
        0 => Node::Number(random.u64(..)),
        1 => Node::Text(text(random)),
        2 => Node::Formatted(text(random)),
        3 => Node::Optional(random.bool().then(|| below(random))),
        4 => Node::Newtype(below(random)),
        5 | 6 => Node::List(nodes(random)),
        7 => Node::Endless(nodes(random)),
        8 => Node::Wrong(random.usize(..12), nodes(random)),
        9 => Node::IgnoresErrors(nodes(random)),
        10 => Node::Map(
            (0..random.usize(..5))
                .map(|number| {
                    let key =
                        if random.bool() { Node::Text(format!("key{number}")) } else { node(random, depth) };
                    (key, node(random, depth))
                })
                .collect(),
        ),
        _ if random.bool() => Node::NewtypeVariant(below(random)),
        _ => Node::StructVariant(below(random), below(random)),
    }
}

#[test]
fn random_values_are_valid_within_every_budget() {
    let mut random = fastrand::Rng::with_seed(20_251_125);
    for number in 0..60 {
        let value = node(&mut random, 6);
        let full = whole(&value);
        assert!(serde_json::from_str::<Value>(&full).is_ok(), "{number}: {full}");
        let step = full.len() / 40 + 1;
        for limit in (0..full.len() + step).step_by(step) {
            let json = within(&value, limit);
            assert!(serde_json::from_str::<Value>(&json).is_ok(), "{number}, limit {limit}: {json}");
            assert!(!json.contains("while being captured"), "{number}, limit {limit}: {json}");
            assert!(json.len() <= limit + 150, "{number}, limit {limit}: {} bytes: {json}", json.len());
            // A long key is shortened even if the value fits.
            assert!(limit < full.len() || json == full || full.contains("… ["), "{number}, limit {limit}");
        }
    }
}
