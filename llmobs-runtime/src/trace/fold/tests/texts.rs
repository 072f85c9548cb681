//! Pieces of one text.

use serde_json::{Value, json};

use super::{folded, messages, on_the_wire, output, within};
use crate::base::kind::Kind;

fn pieces(text: &str) -> Vec<Value> {
    text.chars().map(|char| json!(char)).collect()
}

#[test]
fn pieces_of_text_become_one_text_whatever_the_kind() {
    let items = [json!("Wh"), json!(""), json!("y \"é\\\n"), json!("🦀\u{1}")];
    for kind in [Kind::Llm, Kind::Workflow, Kind::Embedding] {
        assert_eq!(folded(kind, usize::MAX, &items), (json!("Why \"é\\\n🦀\u{1}"), Vec::new()));
    }
    assert_eq!(
        on_the_wire(&[json!("a"), json!("b")]),
        json!({ "messages": [{ "role": "assistant", "content": "ab" }] })
    );
    assert_eq!(output(&[json!("")]), json!(""));
}

#[test]
fn absent_pieces_are_passed_over() {
    let null = Value::Null;
    assert_eq!(
        messages(&[null.clone(), json!("a"), null.clone(), null.clone(), json!("b"), null]),
        json!("ab")
    );
}

#[test]
fn a_long_text_is_cut_between_characters_with_a_note_of_its_length() {
    let text = "aé€😀z漢!";
    for limit in 0..text.len() {
        let ends = text.char_indices().map(|(start, char)| start + char.len_utf8());
        let kept = ends.take_while(|end| *end <= limit).last().unwrap_or_default();
        let cut = format!("{}… [{kept} of {} bytes]", text.split_at(kept).0, text.len());
        assert_eq!(within(limit, &pieces(text)), json!(cut), "in pieces, limit {limit}");
        assert_eq!(within(limit, &[json!(text)]), json!(cut), "at once, limit {limit}");
    }
    assert_eq!(within(text.len(), &pieces(text)), json!(text));
    // Escapes take room too, and after a gap nothing is kept, even if it would fit.
    assert_eq!(within(5, &pieces("a\n\nbc")), json!("a\n\n… [3 of 5 bytes]"));
    assert_eq!(within(3, &[json!("ab"), json!("€"), json!("c")]), json!("ab… [2 of 6 bytes]"));
}
