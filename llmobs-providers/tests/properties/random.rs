//! Random texts, arguments and answers.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// A message: its role, its content, and the names and arguments of its calls.
pub(crate) type Outline = (String, String, Vec<(String, Value)>);

/// The output of a model.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Thought(String),
    Text(String),
    Call(Call),
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The arguments as JSON text, and their expected value.
    pub(crate) text: String,
    pub(crate) arguments: Value,
}

/// The parts that a protocol can have, and their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// All of them in any order.
    Any,
    /// A thought, a text and calls, each of which may be missing.
    Ordered,
    /// A thought and a text.
    ThoughtAndText,
    /// A text and calls.
    TextAndCalls,
    /// A text.
    Text,
}

#[derive(Clone, Debug)]
pub(crate) struct ModelAnswer {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) input: u64,
    pub(crate) output: u64,
}

/// Pieces of text that are significant to a framing or to JSON.
const PIECES: [&str; 26] = [
    "Hello",
    " world",
    "\n",
    "\r\n",
    "\n\n",
    "\r",
    "\t",
    "\"",
    "\\",
    "\\n",
    "data: ",
    "event: x\n",
    "[DONE]",
    "}{][",
    "{\"a\":1}",
    "é",
    "日本",
    "🦀",
    "👩‍👩‍👧",
    "\u{feff}",
    "\u{2028}",
    "\u{0}",
    "\u{1b}",
    "</s>",
    "[image]",
    "…",
];

/// A text of up to `most` pieces, which is not empty.
pub(crate) fn text(random: &mut Rng, most: usize) -> String {
    let mut text = String::new();
    for _ in 0..random.usize(1..=most) {
        if random.u8(..) < 200 {
            text.push_str(PIECES[random.usize(..PIECES.len())]);
        } else {
            text.push(random.char(..));
        }
    }
    text
}

fn name(random: &mut Rng) -> String {
    (0..random.usize(1..12)).map(|_| random.lowercase()).collect()
}

/// The text of a JSON value, and its expected value.
fn value(random: &mut Rng, depth: u32) -> (String, Value) {
    let blank = if random.bool() { "" } else { " " };
    match random.u32(..if depth > 2 { 6 } else { 8 }) {
        0 => ("null".to_owned(), Value::Null),
        1 => {
            ["true", "false"].map(|word| (word.to_owned(), json!(word == "true")))[random.usize(..2)].clone()
        }
        2 => {
            let number = random.i64(..);
            (number.to_string(), json!(number))
        }
        3 => {
            let number = random.f64() * 10_f64.powi(random.i32(-300..300));
            (format!("{number:?}"), json!(number))
        }
        4 => {
            // More digits than a 64-bit number has.
            let digits: String = (0..random.usize(25..60)).map(|_| random.digit(10)).collect();
            let number = format!("{}1{digits}7", if random.bool() { "-" } else { "" });
            (number.clone(), Value::String(number))
        }
        5 => {
            let text = text(random, 8);
            (json!(text).to_string(), json!(text))
        }
        6 => {
            let items: Vec<_> = (0..random.usize(..4)).map(|_| value(random, depth + 1)).collect();
            let texts: Vec<_> = items.iter().map(|(text, _)| format!("{blank}{text}")).collect();
            (format!("[{}]", texts.join(",")), items.into_iter().map(|(_, value)| value).collect())
        }
        _ => object(random, depth + 1),
    }
}

fn object(random: &mut Rng, depth: u32) -> (String, Value) {
    let blank = if random.bool() { "" } else { " " };
    let mut fields = Map::new();
    let mut texts = Vec::new();
    for index in 0..random.usize(..5) {
        let name = format!("{}{index}", text(random, 2));
        let (text, value) = value(random, depth);
        texts.push(format!("{}:{blank}{text}", json!(name)));
        fields.insert(name, value);
    }
    (format!("{{{}}}", texts.join(&format!(",{blank}"))), Value::Object(fields))
}

fn call(random: &mut Rng, index: usize) -> Call {
    let (text, arguments) = object(random, 0);
    Call { id: format!("call_{index}_{}", name(random)), name: name(random), text, arguments }
}

pub(crate) fn model_answer(random: &mut Rng, shape: Shape) -> ModelAnswer {
    let mut parts = Vec::new();
    let thought = |random: &mut Rng| Part::Thought(text(random, 30));
    let words = |random: &mut Rng| Part::Text(text(random, 60));
    if shape == Shape::Any {
        for index in 0..random.usize(1..8) {
            // Each protocol joins adjacent thoughts or texts in its own way.
            let part = match (random.u32(..3), parts.last()) {
                (0, last) if !matches!(last, Some(Part::Thought(_))) => thought(random),
                (1, last) if !matches!(last, Some(Part::Text(_))) => words(random),
                _ => Part::Call(call(random, index)),
            };
            parts.push(part);
        }
    } else {
        let (has_thought, has_calls) = match shape {
            Shape::Ordered => (random.bool(), random.bool()),
            Shape::ThoughtAndText => (random.bool(), false),
            Shape::TextAndCalls => (false, random.bool()),
            _ => (false, false),
        };
        if has_thought {
            parts.push(thought(random));
        }
        if !has_calls || random.bool() {
            parts.push(words(random));
        }
        let calls = if has_calls { random.usize(1..4) } else { 0 };
        (0..calls).for_each(|index| parts.push(Part::Call(call(random, index))));
    }
    ModelAnswer {
        id: format!("id-{}", name(random)),
        model: name(random),
        parts,
        input: random.u64(1..1 << 40),
        output: random.u64(1..1 << 40),
    }
}

impl ModelAnswer {
    /// The expected messages.
    pub(crate) fn messages(&self) -> Vec<Outline> {
        let mut messages: Vec<Outline> = Vec::new();
        for part in &self.parts {
            match part {
                Part::Thought(text) => messages.push(("reasoning".to_owned(), text.clone(), Vec::new())),
                Part::Text(text) => messages.push(("assistant".to_owned(), text.clone(), Vec::new())),
                Part::Call(call) => {
                    if messages.last().is_none_or(|(role, ..)| role != "assistant") {
                        messages.push(("assistant".to_owned(), String::new(), Vec::new()));
                    }
                    let (_, _, calls) = messages.last_mut().unwrap();
                    calls.push((call.name.clone(), call.arguments.clone()));
                }
            }
        }
        messages
    }

    pub(crate) fn thought(&self) -> Option<&str> {
        self.parts
            .iter()
            .find_map(|part| if let Part::Thought(text) = part { Some(text.as_str()) } else { None })
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.parts
            .iter()
            .find_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
    }

    pub(crate) fn calls(&self) -> Vec<&Call> {
        self.parts
            .iter()
            .filter_map(|part| if let Part::Call(call) = part { Some(call) } else { None })
            .collect()
    }
}

/// A text in a few pieces.
pub(crate) fn pieces<'t>(random: &mut Rng, text: &'t str) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut at = random.usize(1..=rest.len().min(40));
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after;
    }
    pieces
}
