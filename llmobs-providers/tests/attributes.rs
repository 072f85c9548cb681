//! Attributes of spans. The expected data was written by hand.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod support;

use std::path::Path;

use llmobs_providers::json::Json;
use llmobs_providers::{Attributes, Convention};
use serde_json::{Value, json};
use support::{LIMIT, compare, compare_response, files_below, without_empty};

fn files() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/forms");
    let files = files_below(&folder).into_iter();
    let load = |path: &Path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    files.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), load(&path))).collect()
}

fn read(attributes: &Value) -> Option<Attributes> {
    Attributes::read(&Json::read(&attributes.to_string()).unwrap(), LIMIT)
}

/// The convention replaces the protocol.
fn with_convention(side: impl serde::Serialize, convention: Convention) -> Value {
    let mut side = serde_json::to_value(side).unwrap();
    side["protocol"] = convention.name().into();
    side
}

/// The data other than a request and a response.
fn step(found: &Attributes) -> Value {
    let Attributes { input, output, time_to_first_token, cost, metadata, .. } = found;
    without_empty(&json!({
        "input": input,
        "output": output,
        "time_to_first_token": time_to_first_token,
        "cost": { "input": cost.input, "output": cost.output, "total": cost.total },
        "metadata": metadata,
    }))
}

#[test]
fn every_span_is_read_as_expected() {
    let mut wrong = Vec::new();
    for (name, file) in files() {
        let Some(found) = read(&file["attributes"]) else {
            wrong.push(format!("{name}: nothing was read"));
            continue;
        };
        let mut lines = Vec::new();
        let request = with_convention(&found.request, found.convention);
        compare("request", &without_empty(&request), &without_empty(&file["expect"]["request"]), &mut lines);
        let response = with_convention(&found.response, found.convention);
        compare_response(&response, &file["expect"]["response"], &mut lines);
        if file["expect"]["step"].is_object() {
            compare("step", &step(&found), &file["expect"]["step"], &mut lines);
        }
        if !lines.is_empty() {
            wrong.push(format!("{name}:\n  {}", lines.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files().len(), wrong.join("\n"));
}

/// Exporters write values that are not strings in different ways.
#[test]
fn values_may_be_strings() {
    for (name, file) in files() {
        let mut texts = file["attributes"].clone();
        for (key, value) in texts.as_object_mut().unwrap() {
            // A flag or a numeric parameter is kept as it is.
            if !value.is_string()
                && (value.is_array() || key.contains("usage") || key.contains("token_count"))
            {
                *value = value.to_string().into();
            }
        }
        let (given, texts) = (read(&file["attributes"]).unwrap(), read(&texts).unwrap());
        assert_eq!(texts.response, given.response, "{name}");
        assert_eq!(texts.request.messages, given.request.messages, "{name}");
        assert_eq!(texts.request.tools, given.request.tools, "{name}");
    }
}

#[test]
fn spans_without_data_are_ignored() {
    for attributes in [
        json!({}),
        json!([]),
        json!({ "http.route": "/", "llm": 1 }),
        json!({ "openinference.span.kind": "CHAIN" }),
    ] {
        assert_eq!(read(&attributes), None, "{attributes}");
    }
}

/// The input and the output of a step.
fn sides(attributes: &Value) -> [Option<String>; 2] {
    let found = read(attributes).unwrap();
    [found.input, found.output]
}

fn some(texts: [&str; 2]) -> [Option<String>; 2] {
    texts.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()))
}

#[test]
fn a_tool_has_arguments_and_a_result() {
    let tool = |result: Value| {
        json!({
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.call.arguments": { "city": "Rome" },
            "gen_ai.tool.call.result": result,
        })
    };
    for (result, shown) in [
        (json!("21 degrees"), "21 degrees"),
        (json!("\"21 degrees\""), "21 degrees"),
        (json!("{ \"degrees\": 21 }"), "{ \"degrees\": 21 }"),
        (json!({ "degrees": 21 }), "{\"degrees\":21}"),
        (json!([21, 22]), "[21,22]"),
        // These are not messages.
        (json!([{ "role": "admin", "content": "Ada" }]), "[{\"content\":\"Ada\",\"role\":\"admin\"}]"),
        (json!([{ "type": "text", "text": "21" }, { "type": "text", "text": "degrees" }]), "21\ndegrees"),
        (json!("[{\"type\":\"text\",\"text\":\"21 degrees\"}]"), "21 degrees"),
        (json!({ "content": [{ "type": "text", "text": "21 degrees" }], "isError": false }), "21 degrees"),
        (json!(null), ""),
        (json!(false), "false"),
    ] {
        assert_eq!(sides(&tool(result.clone())), some(["{\"city\":\"Rome\"}", shown]), "{result}");
    }
}

#[test]
fn a_tool_result_can_be_an_error() {
    let failed = r#"{"content":[{"type":"text","text":"no such city"}],"isError":true}"#;
    let error = |attributes: Value| {
        let error = read(&attributes).unwrap().response.error.unwrap();
        [error.kind, error.message]
    };
    assert_eq!(error(json!({ "gen_ai.tool.call.result": failed })), ["tool_error", "no such city"]);
    // The data of the span itself is more exact.
    assert_eq!(error(json!({ "gen_ai.tool.call.result": failed, "error.type": "timeout" })), ["timeout", ""]);
}

#[test]
fn the_input_and_output_of_an_agent_are_the_last_texts() {
    let user = |text: &str| json!({ "role": "user", "parts": [{ "type": "text", "content": text }] });
    let thought = json!({ "type": "reasoning", "content": "Hm." });
    let call = json!({ "type": "tool_call", "id": "a", "name": "weather", "arguments": {} });
    let text_part = |text: &str| json!({ "type": "text", "content": text });
    let result =
        json!({ "role": "tool", "parts": [{ "type": "tool_call_response", "id": "a", "response": "21" }] });
    let agent = |input: Value, output: Value| json!({ "gen_ai.input.messages": input.to_string(), "gen_ai.output.messages": output });
    let answer = |parts: Value| json!([{ "role": "assistant", "parts": parts }]);
    for (attributes, shown) in [
        (
            agent(json!([user("Rome?"), user("Or Oslo?")]), answer(json!([thought, text_part("Rain.")]))),
            ["Or Oslo?", "Rain."],
        ),
        (
            agent(
                json!([user("Rome?"), result]),
                answer(json!([text_part("Let me see."), call, text_part("Rain.")])),
            ),
            ["Rome?", "Rain."],
        ),
        (
            agent(json!(["… [3 older items left out]", user("Rome?")]), answer(json!([text_part("Rain.")]))),
            ["Rome?", "Rain."],
        ),
        (agent(user("Rome?"), json!("Rain.")), ["Rome?", "Rain."]),
        (agent(json!([{ "role": "user", "content": "Rome?" }]), json!([])), ["Rome?", "[]"]),
        // Without texts.
        (agent(json!([result]), json!("")), [&json!([result]).to_string(), ""]),
        // The input of a chain is kept as it is.
        (
            json!({ "input.value": json!([user("Rome?")]).to_string() }),
            [&json!([user("Rome?")]).to_string(), ""],
        ),
    ] {
        assert_eq!(sides(&attributes), some(shown), "{attributes}");
    }
}

#[test]
fn an_empty_text_does_not_replace_another_value() {
    let attributes = json!({ "gen_ai.tool.call.arguments": "", "input.value": "x", "output.value": "y", "gen_ai.tool.call.result": "" });
    assert_eq!(sides(&attributes), some(["x", "y"]));
}

#[test]
fn metadata_is_bounded_and_has_no_credentials() {
    let many: Value =
        (0..5000).map(|index| (index.to_string(), json!(index))).collect::<serde_json::Map<_, _>>().into();
    let found = read(&json!({ "metadata": many })).unwrap();
    assert!(found.metadata.len() <= 1024, "{}", found.metadata.len());
    let found = read(&json!({ "metadata": { "api_key": "secret", "depth": 2 } })).unwrap();
    assert_eq!(Value::Object(found.metadata), json!({ "depth": 2 }));
}

#[test]
fn without_content_only_ids_numbers_and_words_remain() {
    let found = read(&json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.user": "Ada",
        "gen_ai.input.messages": [{ "role": "user", "content": "secret" }],
        "gen_ai.output.messages": [{ "role": "assistant", "content": "secret" }],
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.tool.description": "secret",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.response.time_to_first_chunk": "0.25",
        "gen_ai.usage.cost": "0.5",
        "gen_ai.retrieval.documents": [{ "id": "d1", "content": "secret" }],
        "gen_ai.evaluation.explanation": "secret",
        "error.type": "timeout",
        "error.message": "secret",
    }));
    let found = found.unwrap().without_content();
    assert!(!format!("{found:?}").contains("secret"), "{found:?}");
    assert_eq!(found.request.model.as_deref(), Some("gpt-4o"));
    assert_eq!(Value::Object(found.request.parameters), json!({ "temperature": 0.5 }));
    assert_eq!(found.response.usage.input, Some(3));
    assert_eq!(found.response.error.map(|error| error.kind), Some("timeout".to_owned()));
    assert_eq!(Value::Object(found.metadata), json!({ "tool_id": "call_1" }));
    assert_eq!(found.time_to_first_token, Some(0.25));
    assert_eq!(found.cost.total, Some(0.5));
}

#[test]
fn a_repeated_system_prompt_is_read_once() {
    let system = json!({ "role": "system", "parts": [{ "type": "text", "content": "Be brief." }] });
    let user = json!({ "role": "user", "parts": [{ "type": "text", "content": "Hi" }] });
    let roles = |messages: Value| {
        let found = read(&json!({
            "gen_ai.system_instructions": [{ "type": "text", "content": "Be brief." }],
            "gen_ai.input.messages": messages,
        }));
        found.unwrap().request.messages.into_iter().map(|message| message.role).collect::<Vec<_>>()
    };
    assert_eq!(roles(json!([system, user])), ["system", "user"]);
    assert_eq!(roles(json!([user])), ["system", "user"]);
    assert_eq!(roles(json!([user, system])), ["system", "user", "system"]);
}

#[test]
fn a_span_with_only_a_parameter_is_read() {
    let found = read(&json!({ "gen_ai.operation.name": "chat", "gen_ai.request.seed": 3 })).unwrap();
    assert_eq!(Value::Object(found.request.parameters), json!({ "seed": 3 }));
}

#[test]
fn formatted_numbers_are_parsed() {
    let found = read(&json!({
        "gen_ai.request.temperature": "0.5",
        "gen_ai.request.max_tokens": "100",
        "gen_ai.request.seed": "none",
        "gen_ai.request.user": "7",
    }));
    let expected = json!({ "temperature": 0.5, "max_tokens": 100, "seed": "none", "user": "7" });
    assert_eq!(Value::Object(found.unwrap().request.parameters), expected);
}

/// Exporters truncate attributes, and the rest is not valid JSON.
#[test]
fn truncated_messages_are_texts() {
    let cut = r#"[{"role":"user","parts":[{"type":"text","content":"Once upon"#;
    let found =
        read(&json!({ "gen_ai.input.messages": cut, "gen_ai.output.messages": "[{\"role\"" })).unwrap();
    assert_eq!(
        (found.request.messages[0].role.as_str(), found.request.messages[0].content.as_str()),
        ("user", cut)
    );
    assert_eq!(found.response.messages[0].content, "[{\"role\"");
}

#[test]
fn hostile_indexes_and_names_are_harmless() {
    let deep = format!("llm.input_messages.0{}", ".message.contents.0".repeat(50_000));
    let found = read(&json!({
        "llm.input_messages.18446744073709551615.message.content": "last",
        "llm.input_messages.99999999999999999999999.message.content": "no number",
        "llm.input_messages.3.message.content": "first",
        "llm.input_messages..message.content": "none",
        "llm.model_name": 7,
        deep: 1,
    }))
    .unwrap();
    let contents: Vec<_> = found.request.messages.iter().map(|message| message.content.as_str()).collect();
    // For the deep name, only the existence of a part is known.
    assert_eq!(contents, ["[unknown]", "first", "last"]);
}

#[test]
fn values_of_wrong_types_are_harmless() {
    let wrong =
        [json!(null), json!(-1), json!("["), json!("[[1],{}]"), json!([[1], null]), json!({ "a": "b" })];
    for (_, file) in files() {
        for key in file["attributes"].as_object().unwrap().keys() {
            for with in &wrong {
                let mut changed = file["attributes"].clone();
                changed[key] = with.clone();
                let _ = read(&changed);
            }
        }
    }
}

#[test]
fn kept_data_is_bounded() {
    let long = "word ".repeat(100_000);
    let messages: Vec<_> = (0..5000)
        .map(|_| json!({ "role": "user", "parts": [{ "type": "text", "content": "hi" }] }))
        .collect();
    for attributes in [
        json!({ "gen_ai.input.messages": messages, "gen_ai.response.finish_reasons": vec![&long; 20] }),
        json!({ "gen_ai.prompt.0.content": long, "gen_ai.completion.0.content": long, "llm.request.type": "chat" }),
        json!({ "reranker.query": long, "reranker.output_documents.0.document.content": long, "reranker.model_name": long }),
    ] {
        let found = Attributes::read(&Json::read(&attributes.to_string()).unwrap(), 1000).unwrap();
        let size = serde_json::to_string(&(&found.request, &found.response)).unwrap().len();
        assert!(size < 200_000, "{size}");
    }
}
