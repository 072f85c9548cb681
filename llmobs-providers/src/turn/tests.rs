use serde_json::{Value, json};

use super::{At, CallPiece, Parts, ResultPart, Turn};
use crate::json::Json;
use crate::room::Room;

const LIMIT: usize = 1000;

/// Returns the messages of a response that `read` fills.
fn answer(read: impl FnOnce(&mut Turn<'_>)) -> Value {
    messages(LIMIT, true, read)
}

/// Returns the messages of a user that `read` fills.
fn user_messages(read: impl FnOnce(&mut Turn<'_>)) -> Value {
    messages(LIMIT, false, |turn| {
        turn.role("user");
        read(turn);
    })
}

fn messages(limit: usize, is_answer: bool, read: impl FnOnce(&mut Turn<'_>)) -> Value {
    let mut room = Room::new(limit);
    let mut parts = Parts::default();
    read(&mut Turn::new(&mut parts, &mut room));
    let mut messages = Vec::new();
    parts.into_messages(is_answer, &mut messages);
    serde_json::to_value(messages).unwrap()
}

fn assistant(content: &str) -> Value {
    json!({ "role": "assistant", "content": content })
}

fn thought(content: &str) -> Value {
    json!({ "role": "reasoning", "content": content })
}

fn call<'a>(id: &'a str, name: &'a str, arguments: &'a str) -> CallPiece<'a> {
    CallPiece { id, name, arguments, ..CallPiece::default() }
}

fn result<'a>(id: &'a str, kind: &'static str) -> ResultPart<'a> {
    ResultPart { id, kind, ..ResultPart::default() }
}

#[test]
fn parts_are_sorted_by_position() {
    let found = answer(|turn| {
        turn.text(At::Place(7), "c");
        turn.text(At::Place(2), "a");
        turn.text(At::Place(u64::MAX), "e");
        turn.text(At::Place(5), "b");
        turn.text(At::Place(7), "d");
        turn.text(At::End, "f");
    });
    assert_eq!(found, json!([assistant("abcdef")]));
}

#[test]
fn pieces_with_one_position_are_one_part() {
    let found = answer(|turn| {
        turn.thought(At::Place(0), "thinking", "I ");
        turn.call(At::Place(2), call("1", "a", "{\"x\""));
        turn.text(At::Place(1), "Let ");
        turn.thought(At::Place(0), "thinking", "think.");
        turn.call(At::Place(2), call("", "", ":1}"));
        turn.text(At::Place(1), "me.");
    });
    let message = json!({
        "role": "assistant", "content": "Let me.",
        "tool_calls": [{ "name": "a", "arguments": { "x": 1 }, "tool_id": "1" }]
    });
    assert_eq!(found, json!([thought("I think."), message]));
}

#[test]
fn parts_of_different_kinds_can_share_a_position() {
    let found = answer(|turn| {
        turn.text(At::Place(0), "a");
        turn.note(At::Place(0), "[x]");
        turn.text(At::Place(0), "b");
        turn.note(At::Place(0), "[y]");
    });
    assert_eq!(found, json!([assistant("ab\n[x]\n[y]")]));
}

#[test]
fn the_end_continues_the_last_part() {
    let found = answer(|turn| {
        turn.thought(At::End, "thought", "a");
        turn.thought(At::End, "thought", "b");
        turn.text(At::End, "c");
        turn.text(At::End, "d");
        turn.thought(At::End, "thought", "e");
        turn.thought(At::Next, "thought", "f");
    });
    assert_eq!(found, json!([thought("ab"), assistant("cd"), thought("e\n\nf")]));
    // Calls are always separate.
    let found = answer(|turn| {
        turn.call(At::End, call("1", "a", "{}"));
        turn.call(At::End, call("2", "b", "{}"));
    });
    let calls = json!([
        { "name": "a", "arguments": {}, "tool_id": "1" }, { "name": "b", "arguments": {}, "tool_id": "2" }
    ]);
    assert_eq!(found, json!([{ "role": "assistant", "content": "", "tool_calls": calls }]));
}

#[test]
fn texts_of_an_assistant_are_concatenated_and_others_are_lines() {
    let read = |turn: &mut Turn<'_>| {
        turn.text(At::Next, "a");
        turn.text(At::Next, "b");
        turn.note(At::Next, "[image: x]");
        turn.text(At::Next, "c");
        turn.passage(At::Next, "d");
        turn.text(At::Next, "e");
        turn.text(At::Next, "f");
    };
    assert_eq!(answer(read), json!([assistant("ab\n[image: x]\nc\nd\nef")]));
    let content = "a\nb\n[image: x]\nc\nd\ne\nf";
    assert_eq!(user_messages(read), json!([{ "role": "user", "content": content }]));
    // No line break is added after a line break.
    let found = answer(|turn| {
        turn.text(At::Next, "a\n");
        turn.note(At::Next, "[x]");
    });
    assert_eq!(found, json!([assistant("a\n[x]")]));
}

#[test]
fn calls_belong_to_the_text_before_them() {
    let found = answer(|turn| {
        turn.text(At::Next, "One.");
        turn.call(At::Next, call("1", "a", "{}"));
        turn.text(At::Next, "Two.");
        turn.call(At::Next, call("2", "b", ""));
        turn.thought(At::Next, "thinking", "Hm.");
        turn.call(At::Next, call("3", "c", "no JSON"));
    });
    let with_call = |content: &str, name: &str, arguments: Value, id: &str| {
        let call = json!({ "name": name, "arguments": arguments, "tool_id": id });
        json!({ "role": "assistant", "content": content, "tool_calls": [call] })
    };
    let expected = json!([
        with_call("One.", "a", json!({}), "1"),
        with_call("Two.", "b", json!({}), "2"),
        thought("Hm."),
        with_call("", "c", json!({ "value": "no JSON" }), "3"),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn results_in_an_answer_have_the_role_of_a_tool() {
    let read = |turn: &mut Turn<'_>| {
        turn.text(At::Next, "Look:");
        turn.call(At::Next, call("1", "search", "{}"));
        turn.result(At::Next, result("1", "search_result"), &Json::Text("Found.".into()));
        turn.text(At::Next, "Done.");
    };
    let calls = json!([{ "name": "search", "arguments": {}, "tool_id": "1" }]);
    let results = json!([{ "result": "Found.", "tool_id": "1", "type": "search_result" }]);
    let expected = json!([
        { "role": "assistant", "content": "Look:", "tool_calls": calls },
        { "role": "tool", "content": "", "tool_results": results },
        assistant("Done."),
    ]);
    assert_eq!(answer(read), expected);
    // Results of a user have the role that the provider requires.
    let found = user_messages(|turn| {
        turn.result(At::Next, result("1", "search_result"), &Json::Text("Found.".into()));
        turn.text(At::Next, "And now?");
    });
    let expected = json!([
        { "role": "user", "content": "", "tool_results": results }, { "role": "user", "content": "And now?" }
    ]);
    assert_eq!(found, expected);
}

#[test]
fn calls_after_results_are_a_separate_message() {
    let found = user_messages(|turn| {
        turn.result(At::Next, result("1", "x"), &Json::Text("warm".into()));
        turn.result(At::End, result("2", "x"), &Json::Text("dry".into()));
        turn.call(At::Next, call("3", "a", "{}"));
    });
    let results = json!([
        { "result": "warm", "tool_id": "1", "type": "x" },
        { "result": "dry", "tool_id": "2", "type": "x" },
    ]);
    let calls = json!([{ "name": "a", "arguments": {}, "tool_id": "3" }]);
    assert_eq!(
        found,
        json!([
            { "role": "user", "content": "", "tool_results": results },
            { "role": "user", "content": "", "tool_calls": calls },
        ])
    );
}

#[test]
fn a_result_is_replaced_or_continued() {
    let found = answer(|turn| {
        let (begun, whole) = (Json::Text("a".into()), Json::Text("c".into()));
        turn.result_piece(At::Place(0), result("1", "x"), &begun);
        turn.result_piece(At::Place(0), result("", ""), &begun);
        turn.result_piece(At::Place(1), result("2", "x"), &begun);
        turn.result(At::Place(1), result("2", "y"), &whole);
    });
    let results = json!([
        { "result": "aa", "tool_id": "1", "type": "x" }, { "result": "c", "tool_id": "2", "type": "y" }
    ]);
    assert_eq!(found, json!([{ "role": "tool", "content": "", "tool_results": results }]));
}

#[test]
fn thoughts_without_text_show_their_type() {
    let found = answer(|turn| {
        turn.thought(At::Next, "thinking", "");
        turn.thought(At::Next, "thinking", "Why?");
        turn.thought(At::Next, "redacted_thinking", "");
    });
    assert_eq!(found, json!([thought("[thinking]\n\nWhy?\n\n[redacted_thinking]")]));
}

#[test]
fn messages_begin_at_marked_positions() {
    let found = answer(|turn| {
        turn.text(At::Place(1), "a");
        turn.begin(At::Place(2));
        turn.text(At::Place(2), "b");
        turn.text(At::Place(3), "c");
        turn.begin(At::Place(3));
    });
    assert_eq!(found, json!([assistant("a"), assistant("bc")]));
}

#[test]
fn a_turn_without_parts_is_an_empty_message() {
    assert_eq!(answer(|_| {}), json!([assistant("")]));
    assert_eq!(user_messages(|_| {}), json!([{ "role": "user", "content": "" }]));
    assert_eq!(answer(|turn| turn.text(At::End, "")), json!([assistant("")]));
}

#[test]
fn the_first_role_counts_and_is_normalized() {
    for (role, shown) in [("model", "assistant"), ("CHATBOT", "assistant"), ("USER", "user"), ("x", "x")] {
        let found = messages(LIMIT, true, |turn| {
            turn.role("");
            turn.role(role);
            turn.role("other");
        });
        assert_eq!(found, json!([{ "role": shown, "content": "" }]));
    }
}

#[test]
fn pieces_of_media_are_one_note() {
    let found = answer(|turn| {
        turn.media(At::End, "audio", "audio/wav", "AAAA");
        turn.media(At::End, "audio", "", "AAAA");
        turn.media(At::End, "audio", "audio/mp3", "AA==");
        turn.sound(At::Next, "AAAA");
    });
    let content = "[audio: audio/wav, 6 bytes]\n[audio: audio/mp3, 1 bytes]\n[audio: 3 bytes]";
    assert_eq!(found, json!([assistant(content)]));
}

/// Servers identify the call of a piece in different ways.
#[test]
fn pieces_are_assigned_to_their_call() {
    let of = |pieces: &[(Option<u64>, &str, &str, &str)]| {
        let found = answer(|turn| {
            for (index, id, name, arguments) in pieces {
                turn.call_piece(10, CallPiece { index: *index, id, name, kind: "", arguments });
            }
        });
        let calls = found[0]["tool_calls"].as_array().cloned().unwrap_or_default();
        let line = |call: &Value| format!("{} {}", call["name"].as_str().unwrap(), call["arguments"]);
        calls.iter().map(line).collect::<Vec<_>>()
    };
    let two: Vec<String> = vec!["a {\"x\":1}".into(), "b {\"y\":2}".into()];
    // By index, interleaved.
    let by_index = [
        (Some(0), "1", "a", ""),
        (Some(1), "2", "b", "{\"y\""),
        (Some(0), "", "", "{\"x\":1}"),
        (Some(1), "", "", ":2}"),
    ];
    assert_eq!(of(&by_index), two);
    // By id and name in each piece, or only in the first one.
    let by_id = [(None, "1", "a", "{\"x\":"), (None, "1", "a", "1}"), (None, "2", "b", "{\"y\":2}")];
    assert_eq!(of(&by_id), two);
    let once = [
        (None, "1", "a", "{\"x\":"),
        (None, "", "", "1}"),
        (None, "2", "b", "{\"y\""),
        (None, "", "", ":2}"),
    ];
    assert_eq!(of(&once), two);
    // Complete calls with the same index.
    assert_eq!(of(&[(Some(0), "1", "a", "{\"x\":1}"), (Some(0), "2", "b", "{\"y\":2}")]), two);
    // By index, with a new id in each piece.
    let new_ids = [
        (Some(0), "1", "a", "{\"x\":"),
        (Some(0), "2", "", "1}"),
        (Some(1), "3", "b", "{\"y\":"),
        (Some(1), "4", "", "2}"),
    ];
    assert_eq!(of(&new_ids), two);
    // By name.
    assert_eq!(of(&[(None, "", "a", "{\"x\":1}"), (None, "", "b", "{\"y\":2}")]), two);
    // A repeated name is another call of the same function, if the arguments are complete.
    let twice = [(None, "", "a", "{\"x\":1}"), (None, "", "a", "{\"x\":2}")];
    assert_eq!(of(&twice), ["a {\"x\":1}", "a {\"x\":2}"]);
}

#[test]
fn arguments_can_be_sent_cumulatively() {
    let found = answer(|turn| {
        for arguments in ["", "{\"x\"", "{\"x\":\"é", "{\"x\":\"é\"}", "{\"x\":\"é\"}"] {
            turn.call_so_far(0, call("1", "a", arguments));
        }
    });
    assert_eq!(found[0]["tool_calls"], json!([{ "name": "a", "arguments": { "x": "é" }, "tool_id": "1" }]));
}

#[test]
fn removed_parts_take_no_room() {
    let long = "x".repeat(LIMIT);
    let found = messages(LIMIT, true, |turn| {
        for _ in 0..5000 {
            turn.text(At::Place(3), &long);
            turn.thought(At::Place(4), "thinking", &long);
            turn.call(At::Place(5), call(&long, "a", &long));
            turn.result(At::Place(5), result(&long, "x"), &Json::Text(long.as_str().into()));
            turn.note(At::Place(6), &long);
            turn.media(At::Place(7), &long, &long, "AAAA");
            turn.begin(At::Place(8));
            turn.forget(&(3..9));
        }
        turn.text(At::Place(9), &long);
        turn.note(At::Place(9), "[x]");
    });
    assert_eq!(found, json!([assistant(&format!("{long}\n[x]"))]));
}

/// Texts and arguments share one budget.
#[test]
fn a_turn_is_limited_by_its_budget() {
    for limit in [0, 1, 7, 100, 1000] {
        let found = messages(limit, true, |turn| {
            for index in 0..3000_usize {
                turn.text(index.into(), "zwölf ");
                turn.thought(index.into(), "thinking", "zwölf ");
                turn.call(index.into(), call("id", "name", "{\"zwölf\":12}"));
                turn.result(index.into(), result("id", "kind"), &Json::Text("zwölf".into()));
                turn.note(index.into(), "[note]");
            }
        });
        let kept = found.to_string().len();
        // Each part without room has a note.
        assert!(kept < 2 * limit + 1024 * 200, "{limit}: {kept}");
    }
}

#[test]
fn beginning_and_end_of_a_text_are_kept() {
    let found = messages(16, true, |turn| {
        for piece in ["0123456789", "abcdefghijk", "lmn"] {
            turn.text(At::End, piece);
        }
        turn.text(At::Next, "later");
    });
    assert_eq!(found, json!([assistant("0123456789abcdef… [6 bytes left out] …mn… [4 bytes left out] …r")]));
}
