//! Malformed and very large items.

use serde_json::{Value, json};

use super::{chunk, is_not_a_chat, messages, output, text_chunk, within};
use crate::base::kind::Kind;
use crate::trace::fold::Fold;

#[test]
fn fields_of_the_wrong_type_are_ignored() {
    let wrong =
        [json!(null), json!(true), json!(-1), json!(4.5), json!([]), json!([null]), json!({ "a": 1 })];
    for wrong in wrong {
        let items = [
            text_chunk("a"),
            json!({ "choices": [{ "index": wrong, "delta": { "role": wrong, "content": wrong, "tool_calls": wrong } }],
                "usage": wrong, "object": wrong }),
            json!({ "choices": [{ "delta": wrong }] }),
            json!({ "choices": [wrong] }),
            text_chunk("b"),
        ];
        assert_eq!(output(&items), json!("ab"), "{wrong}");
    }
    for name in ["message_start", "content_block_start", "content_block_delta", "message_delta"] {
        for wrong in [json!(null), json!([]), json!("x")] {
            let item = json!({ "type": name, "message": wrong, "content_block": wrong, "delta": wrong, "usage": wrong });
            assert!(is_not_a_chat(&item), "{item}");
        }
    }
    // Known events without content.
    for name in ["created", "output_item.added", "output_text.delta", "function_call_arguments.delta"] {
        let item = json!({ "type": format!("response.{name}"), "item": 1, "delta": {}, "response": [] });
        assert!([Value::Null, json!("")].contains(&output(std::slice::from_ref(&item))), "{item}");
    }
    assert!(is_not_a_chat(&json!({ "type": 7, "choices": {} })));
}

#[test]
fn huge_indexes_take_no_memory() {
    let index = 4_000_000_000_u64;
    let items = [chunk(&json!([{ "index": u64::MAX, "delta": { "tool_calls": [
        { "index": index, "id": "a", "function": { "name": "f", "arguments": "1" } },
        { "index": index, "function": { "arguments": "2" } },
    ] } }]))];
    let call = json!({ "name": "f", "arguments": { "value": "12" }, "tool_id": "a", "type": "function" });
    assert_eq!(messages(&items), json!([{ "role": "assistant", "content": "", "tool_calls": [call] }]));
}

#[test]
fn messages_calls_and_their_names_are_limited() {
    let many: Vec<_> =
        (0..2_000).map(|index| json!({ "index": index, "delta": { "content": "x" } })).collect();
    let kept = vec![json!({ "role": "assistant", "content": "x" }); 512];
    assert_eq!(messages(&[chunk(&json!(many))]), json!(kept));

    let name = "n".repeat(10_000);
    let many: Vec<_> =
        (0..2_000).map(|index| json!({ "index": index, "function": { "name": name } })).collect();
    let items = [chunk(&json!([{ "delta": { "tool_calls": many } }]))];
    let shown = messages(&items);
    assert_eq!(shown[0]["tool_calls"].as_array().unwrap().len(), 1023);
    assert!(shown.to_string().len() < 200_000, "{} bytes", shown.to_string().len());
}

#[test]
fn a_long_stream_takes_no_more_than_the_limit() {
    let mut fold = Fold::new(1000);
    for _ in 0..10_000 {
        fold.push(&text_chunk("0123456789").to_string());
    }
    let json = fold.finish(Kind::Llm).json.unwrap();
    let (head, tail) = ("0123456789".repeat(100), "56789".to_owned() + &"0123456789".repeat(12));
    let content = format!("{head}… [98875 bytes left out] …{tail}");
    assert_eq!(json, format!(r#"[{{"role":"assistant","content":"{content}"}}]"#));
}

#[test]
fn an_unreadable_item_is_an_item_of_a_list() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    let mut fold = Fold::new(10_000);
    fold.push(r#""a""#);
    fold.push(&deep);
    assert_eq!(fold.finish(Kind::Task).json.unwrap(), format!("[\"a\",{deep}]"));
    for broken in ["", "{", "\"", "nul", "[1", "\u{0}"] {
        let mut fold = Fold::new(10);
        fold.push(broken);
        fold.push(broken);
        assert!(fold.finish(Kind::Llm).json.is_some());
    }
    assert_eq!(within(0, &[Value::Null, json!("a")]), json!("… [1 bytes left out] …"));
}
