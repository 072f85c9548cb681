//! Tool calls in pieces, as different providers send them.

use serde_json::{Value, json};

use super::openai::{delta, said};
use super::{call, calling, messages, within};

/// What one chunk says of a call: index, id, name, arguments.
type Piece = (Option<u64>, Option<&'static str>, Option<&'static str>, Value);

/// Chunks with one piece each.
fn chunks(pieces: &[Piece]) -> Vec<Value> {
    let chunk = |(index, id, name, arguments): &Piece| {
        let function = json!({ "name": name, "arguments": arguments });
        delta(
            &json!({ "tool_calls": [{ "index": index, "id": id, "type": "function", "function": function }] }),
        )
    };
    pieces.iter().map(chunk).collect()
}

#[test]
fn calls_are_told_apart_however_a_provider_does_it() {
    let text = |text: &str| json!(text);
    let by_index = [
        (Some(0), Some("a"), Some("f"), text("{")),
        (Some(1), Some("b"), Some("f"), text("[")),
        (Some(0), None, None, text("}")),
        (Some(1), None, None, text("1]")),
    ];
    let by_id_and_name_in_every_chunk = [
        (None, Some("a"), Some("f"), text("{")),
        (None, Some("b"), Some("f"), text("[")),
        (None, Some("a"), Some("f"), text("}")),
        (None, Some("b"), Some("f"), text("1]")),
    ];
    let by_order = [
        (None, Some("a"), Some("f"), text("{")),
        (None, None, None, text("}")),
        (None, Some("b"), Some("f"), text("[")),
        (None, Some(""), Some(""), text("1]")),
    ];
    let by_index_with_a_new_id_in_every_chunk = [
        (Some(0), Some("a"), Some("f"), text("{")),
        (Some(1), Some("b"), Some("f"), text("[")),
        (Some(0), Some("c"), None, text("}")),
        (Some(1), Some("d"), None, text("1]")),
    ];
    let whole_with_the_same_index =
        [(Some(0), Some("a"), Some("f"), text("{}")), (Some(0), Some("b"), Some("f"), json!([1]))];
    let expected = calling("", &[call("a", "f", "{}"), call("b", "f", "[1]")]);
    for pieces in [
        &by_index[..],
        &by_id_and_name_in_every_chunk,
        &by_order,
        &by_index_with_a_new_id_in_every_chunk,
        &whole_with_the_same_index,
    ] {
        assert_eq!(messages(&chunks(pieces)), expected, "{pieces:?}");
    }
    let whole_with_nothing_but_a_name =
        [(None, None, Some("f"), json!({ "x": 1 })), (None, None, Some("f"), Value::Null)];
    assert_eq!(
        messages(&chunks(&whole_with_nothing_but_a_name)),
        calling("", &[call("", "f", "{\"x\":1}"), call("", "f", "")])
    );
}

#[test]
fn content_and_arguments_share_the_limit() {
    let mut items =
        chunks(&[(Some(0), Some("a"), Some("f"), json!("1234")), (Some(0), None, None, json!("56"))]);
    items.insert(0, said("abcdef"));
    items.push(said("gh"));
    assert_eq!(
        within(9, &items),
        calling("abcdef… [6 of 8 bytes]", &[call("a", "f", "123… [3 of 6 bytes]")])
    );
    assert_eq!(within(5, &items), calling("abcde… [5 of 8 bytes]", &[call("a", "f", "… [0 of 6 bytes]")]));
    assert_eq!(within(14, &items), calling("abcdefgh", &[call("a", "f", "123456")]));
    assert_eq!(within(2, &[said("a"), said("é"), said("b")]), json!("a… [1 of 4 bytes]"));
}
