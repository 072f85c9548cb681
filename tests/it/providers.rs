//! Attributes and annotations with requests and answers of providers: inputs from bug reports, and similar ones.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use llmobs::testing::Collector;
use serde_json::{Value, json};

#[llmobs::llm(name = "call", skip_all)]
fn streamed(items: Vec<Value>) -> impl Stream<Item = Value> {
    stream::iter(items)
}

#[llmobs::llm(name = "call", skip_all)]
fn answered(answer: Value) -> Value {
    answer
}

#[llmobs::llm(name = "call", skip_output)]
fn asked(request: &Value) {
    let _ = request;
}

fn event(run: impl FnOnce()) -> Value {
    let collector = Collector::new();
    collector.enter(run);
    let [event] = collector.events().try_into().unwrap();
    event
}

/// The span of a function whose stream has these items.
fn of_stream(items: Vec<Value>) -> Value {
    event(|| {
        let count = items.len();
        assert_eq!(pollster::block_on(streamed(items).count()), count);
    })
}

/// The span of a function that returns this answer.
fn of_answer(answer: Value) -> Value {
    event(|| drop(answered(answer)))
}

/// The messages of the input of a function with this request.
fn of_request(request: &Value) -> Value {
    event(|| asked(request))["meta"]["input"]["messages"].take()
}

fn output(event: &Value) -> &Value {
    &event["meta"]["output"]["messages"]
}

fn error(event: &Value) -> (&str, &str, &str) {
    let text = |value: &'static str| event["meta"]["error"][value].as_str().unwrap_or_default();
    (event["status"].as_str().unwrap(), text("type"), text("message"))
}

fn tokens(event: &Value) -> Value {
    let mut metrics = event["metrics"].clone();
    metrics.as_object_mut().unwrap().remove("time_to_first_token");
    metrics
}

#[expect(clippy::needless_pass_by_value, reason = "it is called with literals")]
fn delta(delta: Value) -> Value {
    json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta }] })
}

fn text_chunk(text: &str) -> Value {
    delta(json!({ "content": text }))
}

mod failures {
    use super::*;

    /// Helicone#4678.
    #[test]
    fn an_overloaded_model_fails_the_span_and_its_output_is_kept() {
        let event = of_stream(vec![
            json!({ "type": "message_start", "message": { "role": "assistant", "usage": { "input_tokens": 9, "output_tokens": 1 } } }),
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Half" } }),
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } }),
        ]);
        assert_eq!(error(&event), ("error", "overloaded_error", "Overloaded"));
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Half" }]));
        assert_eq!(tokens(&event), json!({ "input_tokens": 9, "output_tokens": 1, "total_tokens": 10 }));
    }

    #[test]
    fn errors_in_streams_of_other_providers_fail_the_span() {
        let forms = [
            (
                vec![
                    text_chunk("Half"),
                    json!({ "error": { "type": "server_error", "message": "Gone", "code": 502 } }),
                ],
                ("error", "server_error", "Gone"),
            ),
            (
                vec![
                    json!({ "candidates": [{ "content": { "role": "model", "parts": [{ "text": "Half" }] } }] }),
                    json!({ "error": { "code": 503, "message": "Try later", "status": "UNAVAILABLE" } }),
                ],
                ("error", "UNAVAILABLE", "Try later"),
            ),
            (
                vec![
                    json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Half" }),
                    json!({ "type": "response.failed", "response": { "status": "failed", "output": [],
                        "error": { "code": "server_error", "message": "The model failed." } } }),
                ],
                ("error", "server_error", "The model failed."),
            ),
            (
                vec![
                    json!({ "model": "m", "message": { "role": "assistant", "content": "Half" }, "done": false }),
                    json!({ "error": "an unexpected end of the model" }),
                ],
                ("error", "error", "an unexpected end of the model"),
            ),
        ];
        for (items, expected) in forms {
            let event = of_stream(items);
            assert_eq!(error(&event), expected);
            assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Half" }]));
        }
    }

    #[test]
    fn a_status_or_finish_reason_alone_can_be_an_error() {
        let content = json!([{ "type": "text", "text": "Half" }]);
        let failed = [
            (json!({ "object": "response", "status": "failed", "error": null, "output": [] }), "failed"),
            (
                json!({ "id": "c", "finish_reason": "ERROR", "message": { "role": "assistant", "content": content } }),
                "ERROR",
            ),
            (
                json!({ "id": "c", "finish_reason": "TIMEOUT", "message": { "role": "assistant", "content": content } }),
                "TIMEOUT",
            ),
            (
                json!({ "choices": [{ "message": { "role": "assistant", "content": "Half" }, "finish_reason": "error" }] }),
                "error",
            ),
        ];
        for (answer, word) in failed {
            assert_eq!(error(&of_answer(answer)), ("error", word, ""));
        }
    }

    fn read(url: &str, body: &Value) -> llmobs::providers::Response {
        let mut reader = llmobs::providers::Endpoint::of_url(url).unwrap().reader();
        reader.push(body.to_string().as_bytes());
        reader.finish()
    }

    #[test]
    fn errors_with_a_status_of_success_are_errors() {
        let url = "https://example.com/v1/chat/completions";
        for (body, message) in [
            (json!({ "detail": [{ "msg": "Field required", "loc": ["body"] }] }), "Field required"),
            (json!({ "errors": [{ "message": "No route", "code": 5006 }], "success": false }), "No route"),
            (
                json!({ "choices": null, "base_resp": { "status_code": 1008, "status_msg": "No balance" } }),
                "No balance",
            ),
        ] {
            assert_eq!(read(url, &body).error.unwrap().message, message);
        }
        let good = json!({ "choices": [{ "message": { "role": "assistant", "content": "Hi" } }], "base_resp": { "status_code": 0 } });
        assert_eq!(read(url, &good).error, None);
    }

    #[test]
    fn a_whole_answer_can_be_an_error() {
        let event = of_answer(
            json!({ "error": { "type": "rate_limit_exceeded", "message": "Slow down", "code": null } }),
        );
        assert_eq!(error(&event), ("error", "rate_limit_exceeded", "Slow down"));
        let event = of_answer(
            json!({ "type": "error", "error": { "type": "not_found_error", "message": "No such model" } }),
        );
        assert_eq!(error(&event), ("error", "not_found_error", "No such model"));
        // A message is not an error, and an `error` field without a value is not one either.
        for answer in [json!({ "message": "All is well" }), json!({ "error": null, "text": "fine" })] {
            assert_eq!(of_answer(answer)["status"], "ok");
        }
    }

    #[llmobs::llm(skip_all, skip_error)]
    fn quiet(items: Vec<Value>) -> impl Stream<Item = Value> {
        stream::iter(items)
    }

    #[llmobs::llm(skip_all, skip_error)]
    fn quiet_answer(answer: Value) -> Value {
        answer
    }

    /// ai-gateway#2721: the error message of a provider may repeat the prompt.
    #[test]
    fn their_messages_are_omitted_if_error_messages_are_not_captured() {
        let failed = json!({ "error": { "type": "invalid_request_error", "message": "too long: secret" } });
        let streamed = event(|| assert_eq!(pollster::block_on(quiet(vec![failed.clone()]).count()), 1));
        let whole = event(|| drop(quiet_answer(failed.clone())));
        let configured = Collector::with_config(&llmobs::Config::new().capture_errors(false));
        configured.enter(|| drop(answered(failed)));
        for event in [streamed, whole, configured.events().remove(0)] {
            assert_eq!(error(&event), ("error", "invalid_request_error", ""));
            assert!(!event.to_string().contains("secret"), "{event}");
        }
    }
}

mod streams {
    use super::*;

    #[llmobs::workflow(skip_all)]
    fn answer(items: Vec<Value>) -> impl Stream<Item = Value> {
        stream::iter(items)
    }

    #[llmobs::retrieval(skip_all)]
    fn search(found: Vec<&'static str>) -> impl Stream<Item = &'static str> {
        stream::iter(found)
    }

    #[llmobs::llm(skip_all, metadata(user = "me"))]
    fn noted(items: Vec<Value>) -> impl Stream<Item = Value> {
        stream::iter(items)
    }

    #[llmobs::llm(skip_all)]
    fn failing(items: Vec<Result<Value, String>>) -> impl Stream<Item = Result<Value, String>> {
        stream::iter(items)
    }

    #[test]
    fn text_is_shown_alone_and_a_tool_call_with_its_message() {
        let of = |items: Vec<Value>| {
            event(|| assert!(pollster::block_on(answer(items).count()) > 0))["meta"]["output"]["value"].take()
        };
        assert_eq!(of(vec![text_chunk("It "), text_chunk("rains.")]), "It rains.");
        let call = json!([{ "index": 0, "id": "c", "function": { "name": "look", "arguments": "{}" } }]);
        let calls = json!([{ "name": "look", "arguments": {}, "tool_id": "c", "type": "function" }]);
        let message = json!([{ "role": "assistant", "content": "I look.", "tool_calls": calls }]);
        let shown = of(vec![text_chunk("I look."), delta(json!({ "tool_calls": call }))]);
        assert_eq!(serde_json::from_str::<Value>(shown.as_str().unwrap()).unwrap(), message);
    }

    #[test]
    fn items_of_a_retrieval_are_documents() {
        let event =
            event(|| assert_eq!(pollster::block_on(search(vec!["It rains.", "It snows."]).count()), 2));
        assert_eq!(
            event["meta"]["output"]["documents"],
            json!([{ "text": "It rains." }, { "text": "It snows." }])
        );
    }

    #[test]
    fn metadata_of_the_attribute_is_added_to_that_of_the_answer() {
        let end = json!({ "object": "chat.completion.chunk", "model": "m", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 2, "completion_tokens": 1 } });
        let event = event(|| assert_eq!(pollster::block_on(noted(vec![text_chunk("Hi"), end]).count()), 2));
        assert_eq!(event["meta"]["metadata"], json!({ "user": "me", "finish_reason": "stop" }));
        assert_eq!(event["meta"]["model_name"], "m");
        assert_eq!(tokens(&event), json!({ "input_tokens": 2, "output_tokens": 1, "total_tokens": 3 }));
    }

    /// The error of the program has more data than the error of the provider that it was made from.
    #[test]
    fn the_error_of_an_item_wins() {
        let failed = json!({ "error": { "type": "server_error", "message": "Gone" } });
        let begun = json!({ "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": { "prompt_tokens": 2 } });
        let items = vec![Ok(begun), Ok(text_chunk("Hal")), Ok(failed), Err("broken off".to_owned())];
        let event = event(|| assert_eq!(pollster::block_on(failing(items).count()), 4));
        let text = event["meta"]["error"]["message"].as_str();
        assert_eq!((&event["status"], text), (&json!("error"), Some("broken off")));
        assert_eq!(
            (&event["meta"]["model_name"], tokens(&event)),
            (&json!("m"), json!({ "input_tokens": 2 }))
        );
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Hal" }]));
    }
}

mod contents {
    use super::*;

    /// langfuse#5546.
    #[test]
    fn thoughts_are_separate_messages() {
        let thought = "We are asked";
        let expected =
            json!([{ "role": "reasoning", "content": thought }, { "role": "assistant", "content": "391." }]);
        let reasoning_content = vec![
            delta(json!({ "role": "assistant", "content": null, "reasoning_content": "We are" })),
            delta(json!({ "content": null, "reasoning_content": " asked" })),
            delta(json!({ "content": "391.", "reasoning_content": null })),
        ];
        let reasoning = vec![delta(json!({ "reasoning": thought })), text_chunk("391.")];
        let gemini = vec![
            json!({ "candidates": [{ "content": { "parts": [{ "text": "We are", "thought": true }] } }] }),
            json!({ "candidates": [{ "content": { "parts": [{ "text": " asked", "thought": true }, { "text": "391." }] } }] }),
        ];
        let ollama = vec![
            json!({ "message": { "role": "assistant", "content": "", "thinking": thought }, "done": false }),
            json!({ "message": { "role": "assistant", "content": "391." }, "done": true, "done_reason": "stop" }),
        ];
        for items in [reasoning_content, reasoning, gemini, ollama] {
            assert_eq!(*output(&of_stream(items)), expected);
        }
        let whole = json!({ "content": [{ "type": "thinking", "thinking": thought, "signature": "s" }, { "type": "text", "text": "391." }],
            "type": "message", "role": "assistant" });
        assert_eq!(*output(&of_answer(whole)), expected);
    }

    /// dd-trace-py#16999.
    #[test]
    fn results_of_server_tools_keep_blocks_apart() {
        let block = |index: u64, block: Value| json!({ "type": "content_block_start", "index": index, "content_block": block });
        let event = of_stream(vec![
            block(0, json!({ "type": "text", "text": "A question!" })),
            block(
                1,
                json!({ "type": "server_tool_use", "id": "srvtoolu_1", "name": "tool_search", "input": { "query": "weather" } }),
            ),
            block(
                2,
                json!({ "type": "tool_search_tool_result", "tool_use_id": "srvtoolu_1",
                "content": { "tool_references": [{ "tool_name": "get_weather" }] } }),
            ),
            block(3, json!({ "type": "text", "text": "Found it!" })),
        ]);
        assert_eq!(
            *output(&event),
            json!([
                { "role": "assistant", "content": "A question!", "tool_calls": [
                    { "name": "tool_search", "arguments": { "query": "weather" }, "tool_id": "srvtoolu_1", "type": "server_tool_use" },
                ] },
                { "role": "tool", "content": "", "tool_results": [
                    { "result": "{\"tool_references\":[{\"tool_name\":\"get_weather\"}]}", "tool_id": "srvtoolu_1",
                        "type": "tool_search_tool_result" },
                ] },
                { "role": "assistant", "content": "Found it!" },
            ])
        );
    }

    #[test]
    fn pieces_of_a_text_keep_their_order_in_texts_and_lists() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let cited = json!({ "type": "reference", "reference_ids": [1] });
        let event = of_stream(vec![
            text_chunk("The sky is "),
            delta(json!({ "content": [text("blue"), cited] })),
            delta(json!({ "content": [cited, text(" and vast")] })),
            text_chunk(" today."),
        ]);
        assert_eq!(
            *output(&event),
            json!([{ "role": "assistant", "content": "The sky is blue and vast today." }])
        );
    }

    /// openlit#1400.
    #[test]
    fn function_calls_of_gemini_are_tool_calls() {
        let event = of_stream(vec![json!({
            "candidates": [{ "content": { "role": "model", "parts": [{ "functionCall": { "name": "weather", "args": { "city": "Rome" } } }] } }],
            "usageMetadata": { "promptTokenCount": 11, "candidatesTokenCount": 4, "thoughtsTokenCount": 6 },
        })]);
        assert_eq!(
            *output(&event),
            json!([{ "role": "assistant", "content": "", "tool_calls": [
                { "name": "weather", "arguments": { "city": "Rome" }, "type": "function_call" },
            ] }])
        );
        assert_eq!(
            tokens(&event),
            json!({ "input_tokens": 11, "output_tokens": 10, "total_tokens": 21, "reasoning_output_tokens": 6 })
        );
    }

    #[test]
    fn a_refusal_is_kept_in_whole_and_streamed_answers() {
        let expected = json!([{ "role": "assistant", "content": "I won't." }]);
        let whole = json!({ "choices": [{ "message": { "role": "assistant", "content": null, "refusal": "I won't." } }] });
        assert_eq!(*output(&of_answer(whole)), expected);
        let pieces = vec![
            delta(json!({ "role": "assistant", "refusal": "I " })),
            delta(json!({ "refusal": "won't." })),
        ];
        assert_eq!(*output(&of_stream(pieces)), expected);
        let part = json!({ "type": "message", "role": "assistant", "content": [{ "type": "refusal", "refusal": "I won't." }] });
        let response = json!({ "object": "response", "output": [part], "status": "completed" });
        assert_eq!(*output(&of_answer(response)), expected);
    }

    #[test]
    fn unknown_parts_keep_their_place_and_name() {
        let event = of_answer(json!({ "type": "message", "role": "assistant", "content": [
            { "type": "text", "text": "Before." }, { "type": "hologram", "data": "…" }, { "type": "text", "text": "After." },
        ] }));
        assert_eq!(
            *output(&event),
            json!([{ "role": "assistant", "content": "Before.\n[hologram]\nAfter." }])
        );
        let event = of_answer(
            json!({ "candidates": [{ "content": { "parts": [{ "text": "Before." }, { "hologram": { "a": 1 } }] } }] }),
        );
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Before.\n[hologram]" }]));
        let input = of_request(
            &json!({ "model": "m", "messages": [{ "role": "user", "content": [{ "type": "smell", "smell": {} }] }] }),
        );
        assert_eq!(input, json!([{ "role": "user", "content": "[smell]" }]));
    }

    #[test]
    fn an_unknown_part_of_a_result_does_not_hide_the_others() {
        let image = json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } });
        let content = json!([image, { "type": "hologram", "data": "…" }, { "type": "text", "text": "done" }]);
        let block = json!({ "type": "tool_result", "tool_use_id": "t", "content": content });
        let request = json!({ "model": "m", "max_tokens": 1, "system": "s", "messages": [{ "role": "user", "content": [block] }] });
        let shown = &of_request(&request)[1]["tool_results"][0]["result"];
        assert_eq!(*shown, "[image: image/png, 3 bytes]\n[hologram]\ndone");
    }

    #[test]
    fn calls_stay_linked_to_their_results() {
        let openai = json!({ "model": "m", "messages": [
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "c1", "content": "4" },
        ] });
        let responses = json!({ "model": "m", "input": [
            { "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "c1", "output": "4" },
        ] });
        let bedrock = json!({ "modelId": "m", "messages": [
            { "role": "assistant", "content": [{ "toolUse": { "toolUseId": "c1", "name": "f", "input": {} } }] },
            { "role": "user", "content": [{ "toolResult": { "toolUseId": "c1", "content": [{ "text": "4" }] } }] },
        ] });
        let cohere = json!({ "model": "m", "messages": [
            { "role": "assistant", "tool_calls": [{ "id": "c1", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "c1", "content": "4" },
        ] });
        for request in [openai, responses, bedrock, cohere] {
            let input = of_request(&request);
            assert_eq!(input[0]["tool_calls"][0]["tool_id"], "c1", "{request}");
            assert_eq!(input[1]["tool_results"][0]["tool_id"], "c1", "{request}");
            assert_eq!(input[1]["tool_results"][0]["result"], "4", "{request}");
        }
    }
}

mod numbers {
    use super::*;

    /// claude-observability-plugin#34.
    #[test]
    fn writes_to_the_cache_are_kept_by_lifetime() {
        let usage = json!({ "input_tokens": 2, "cache_creation_input_tokens": 52_089, "output_tokens": 5,
            "cache_creation": { "ephemeral_5m_input_tokens": 6_289, "ephemeral_1h_input_tokens": 45_800 } });
        let expected = json!({
            "input_tokens": 52_091, "output_tokens": 5, "total_tokens": 52_096, "cache_write_input_tokens": 52_089,
            "ephemeral_5m_input_tokens": 6_289, "ephemeral_1h_input_tokens": 45_800,
        });
        let event = of_stream(vec![
            json!({ "type": "message_start", "message": { "role": "assistant", "usage": usage } }),
            json!({ "type": "message_delta", "delta": {}, "usage": { "output_tokens": 0, "input_tokens": 0 } }),
        ]);
        assert_eq!(tokens(&event), expected);
        let whole = json!({ "type": "message", "role": "assistant", "content": [{ "type": "text", "text": "Hi" }], "usage": usage });
        assert_eq!(tokens(&of_answer(whole)), expected);
    }

    #[test]
    fn counts_of_each_event_are_not_added_up() {
        let usage =
            |input: u64, output: u64| json!({ "promptTokenCount": input, "candidatesTokenCount": output });
        let part = |text: &str| json!([{ "content": { "parts": [{ "text": text }] } }]);
        let event = of_stream(vec![
            json!({ "candidates": part("a"), "usageMetadata": usage(9, 1) }),
            json!({ "candidates": part("b"), "usageMetadata": usage(9, 2) }),
            json!({ "candidates": part("c"), "usageMetadata": usage(8, 3) }),
        ]);
        assert_eq!(tokens(&event), json!({ "input_tokens": 8, "output_tokens": 3, "total_tokens": 11 }));
    }

    #[test]
    fn counts_of_gemini_have_two_spellings() {
        let event = of_answer(json!({
            "candidates": [{ "content": { "role": "model", "parts": [{ "text": "Hi" }] }, "finish_reason": "STOP" }],
            "model_version": "gemini-3-flash", "usage_metadata": { "prompt_token_count": 3, "candidates_token_count": 1 },
        }));
        assert_eq!(tokens(&event), json!({ "input_tokens": 3, "output_tokens": 1, "total_tokens": 4 }));
        assert_eq!(event["meta"]["model_name"], "gemini-3-flash");
        assert_eq!(event["meta"]["metadata"], json!({ "finish_reason": "STOP" }));
    }

    #[test]
    fn counts_of_choices_are_added_up() {
        let choice =
            |tokens: u64| json!({ "outputText": "Hi", "tokenCount": tokens, "completionReason": "FINISH" });
        let event = of_answer(json!({ "inputTextTokenCount": 5, "results": [choice(3), choice(4)] }));
        assert_eq!(tokens(&event), json!({ "input_tokens": 5, "output_tokens": 7, "total_tokens": 12 }));
    }

    /// langfuse#3952.
    #[test]
    fn a_whole_answer_has_tokens_model_and_finish_reason() {
        let event = of_answer(json!({
            "model": "gpt-4o-2024-08-06",
            "choices": [{ "message": { "role": "assistant", "content": "Hi" }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 21, "completion_tokens": 9, "prompt_tokens_details": { "audio_tokens": 4 } },
        }));
        assert_eq!(
            tokens(&event),
            json!({ "input_tokens": 21, "output_tokens": 9, "total_tokens": 30, "audio_input_tokens": 4 })
        );
        assert_eq!(event["meta"]["model_name"], "gpt-4o-2024-08-06");
        assert_eq!(event["meta"]["model_provider"], "openai");
        assert_eq!(event["meta"]["metadata"], json!({ "finish_reason": "stop" }));
    }

    #[test]
    fn an_answer_has_an_id_and_citations() {
        let event = of_answer(json!({
            "id": "c-1", "object": "chat.completion", "citations": ["https://weather.example"],
            "choices": [{ "message": { "role": "assistant", "content": "Hi" } }],
        }));
        assert_eq!(
            event["meta"]["metadata"],
            json!({ "response_id": "c-1", "citations": ["https://weather.example"] })
        );
    }

    #[llmobs::retrieval(skip_all)]
    fn search(found: Value) -> Value {
        found
    }

    /// Data that only model calls have is not read in other spans.
    #[test]
    fn a_retrieval_is_not_read_as_a_model_call() {
        let found = json!({ "id": "r-1", "results": [{ "index": 0, "relevance_score": 0.5, "document": { "text": "It rains." } }],
            "meta": { "tokens": { "input_tokens": 3 } } });
        let event = event(|| drop(search(found)));
        assert_eq!((&event["metrics"], &event["meta"]["metadata"]), (&json!({}), &json!({})));
    }

    #[test]
    fn large_numbers_keep_their_digits() {
        let event = of_stream(vec![
            delta(
                json!({ "tool_calls": [{ "index": 0, "id": "c", "function": { "name": "pay", "arguments": "{\"account\":12345678901234567890123," } }] }),
            ),
            delta(
                json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "\"id\":9007199254740993,\"rate\":0.1}" } }] }),
            ),
        ]);
        assert_eq!(
            output(&event)[0]["tool_calls"][0]["arguments"],
            json!({ "account": "12345678901234567890123", "id": 9_007_199_254_740_993_u64, "rate": 0.1 })
        );
    }

    #[llmobs::llm(name = "call", skip_all)]
    fn slow(frames: Vec<Value>) -> impl Stream<Item = Value> {
        let (empty, content) = (stream::iter(frames), stream::iter([text_chunk("Hi")]));
        empty.chain(content.inspect(|_| std::thread::sleep(Duration::from_millis(30))))
    }

    /// braintrust#2110.
    #[test]
    fn the_first_token_is_the_first_content() {
        let frames = [
            vec![
                json!({ "id": "", "object": "", "choices": [], "prompt_filter_results": [{ "prompt_index": 0 }] }),
            ],
            vec![delta(json!({ "role": "assistant", "content": "" }))],
            vec![
                json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "content_filter_results": {} }] }),
            ],
            vec![delta(json!({ "role": "assistant" })), delta(json!({ "content": null }))],
        ];
        for frames in frames {
            let event = event(|| assert!(pollster::block_on(slow(frames).count()) > 1));
            let seconds = event["metrics"]["time_to_first_token"].as_f64().unwrap();
            assert!(seconds >= 0.03, "{seconds}");
        }
    }

    #[test]
    fn a_stream_without_content_has_no_first_token() {
        let event = of_stream(vec![json!({ "type": "response.created", "response": {} })]);
        assert_eq!(event["metrics"], json!({}));
    }
}

mod lookalikes {
    use super::*;

    fn text(role: &str, value: &Value) -> Value {
        json!([{ "role": role, "content": value.to_string() }])
    }

    #[test]
    fn frames_without_content_do_not_break_an_answer() {
        let event = of_stream(vec![
            json!({ "type": "message_start", "message": { "role": "assistant", "model": "claude", "content": [],
                "usage": { "input_tokens": 3, "output_tokens": 1 } } }),
            json!({ "type": "ping" }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Hi" } }),
            json!({ "type": "ping" }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 5 } }),
        ]);
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Hi" }]));
        assert_eq!(tokens(&event), json!({ "input_tokens": 3, "output_tokens": 5, "total_tokens": 8 }));
        let keepalive = of_stream(vec![
            json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "H" }),
            json!({ "type": "keepalive", "sequence_number": 1 }),
            json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "i" }),
        ]);
        assert_eq!(*output(&keepalive), json!([{ "role": "assistant", "content": "Hi" }]));
    }

    #[test]
    fn items_with_a_message_are_not_errors() {
        let hi = json!({ "choices": [{ "index": 0, "delta": { "content": "Hi" } }] });
        for item in [
            json!({ "type": "progress", "message": "Searching", "request_id": "r" }),
            json!({ "id": "s1", "message": "Searching", "detail": "birds" }),
        ] {
            let event = of_stream(vec![hi.clone(), item, hi.clone()]);
            assert_eq!(event["status"], "ok");
            assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "HiHi" }]));
        }
        for items in [
            vec![json!({ "message": "Hello" }), json!({ "message": " world" })],
            vec![
                json!({ "type": "progress", "message": "Searching" }),
                json!({ "type": "progress", "message": "Done" }),
            ],
        ] {
            let event = of_stream(items.clone());
            assert_eq!(
                (event["status"].as_str(), output(&event)),
                (Some("ok"), &text("assistant", &json!(items)))
            );
        }
    }

    #[test]
    fn an_error_after_pieces_of_text_is_recorded() {
        let failed = json!({ "error": { "message": "overloaded", "type": "overloaded_error" } });
        let event = of_stream(vec![json!("Hel"), json!("lo"), failed]);
        assert_eq!(error(&event), ("error", "overloaded_error", "overloaded"));
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Hello" }]));
        let exception = json!({ "throttlingException": { "message": "slow down" } });
        let delta = json!({ "contentBlockDelta": { "contentBlockIndex": 0, "delta": { "text": "Hello" } } });
        let event = of_stream(vec![delta, exception]);
        assert_eq!(error(&event), ("error", "throttlingException", "slow down"));
    }

    #[test]
    fn values_of_the_program_are_shown_unchanged() {
        for value in [
            json!({ "candidates": [{ "name": "Ann", "score": 0.9 }], "reason": "Ann knows Rust" }),
            json!({ "message": { "subject": "Hello", "body": "World" }, "finish_reason": "stop" }),
            json!({ "text": "The answer is 42", "error": { "message": "cache miss, recomputed" } }),
            json!({ "question": "Which planet is red?", "choices": [{ "text": "Mars" }, { "text": "Venus" }] }),
            json!({ "outputs": [{ "text": "Draft A" }, { "text": "Draft B" }], "winner": 1 }),
            json!({ "question": "Which colour?", "choices": ["red", "green"] }),
            json!({ "error_code": 3, "message": "three legs are broken", "legs": 4 }),
            json!({ "detail": "high", "title": "A map", "type": "image" }),
            json!({ "errors": [{ "line": 3, "message": "unused" }], "fixed": "let x;" }),
            json!({ "success": false, "message": "no such bird", "birds": [] }),
        ] {
            let event = of_answer(value.clone());
            assert_eq!(*output(&event), text("assistant", &value));
            assert_eq!(
                (event["status"].as_str(), &event["meta"]["model_provider"]),
                (Some("ok"), &json!("unknown"))
            );
        }
        for value in [
            json!({ "model": "gpt-4o", "query": "Who won?", "documents": ["A", "B"] }),
            json!({ "model": "gpt-4o", "prompt": "Answer", "context": "Paris is …" }),
            json!({ "model": "gpt-4o", "message": "Hello", "user_id": "u1" }),
            json!({ "model": "m", "input": ["a", "b"], "tools": ["hammer"] }),
        ] {
            let event = event(|| asked(&value));
            assert_eq!(event["meta"]["input"]["messages"], text("user", &json!({ "request": value })));
            assert_eq!(event["meta"]["model_provider"], "unknown");
        }
    }

    #[test]
    fn a_list_is_an_answer_only_if_it_has_the_events_of_one() {
        let event = |id: &str, text: &str| {
            json!({ "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] } }], "responseId": id,
                "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": text.len() } })
        };
        let read = of_answer(json!([event("r", "Hi "), event("r", "the"), event("r", "re")]));
        assert_eq!(*output(&read), json!([{ "role": "assistant", "content": "Hi there" }]));
        assert_eq!(tokens(&read), json!({ "input_tokens": 3, "output_tokens": 2, "total_tokens": 5 }));
        let several = json!([event("r", "Hi "), event("s", "the")]);
        assert_eq!(*output(&of_answer(several.clone())), text("assistant", &several));
    }

    #[llmobs::llm(name = "call", skip_output)]
    fn several(question: &Value, config: &Value) {
        let _ = (question, config);
    }

    #[test]
    fn a_request_among_other_arguments_does_not_hide_them() {
        let history = json!([{ "role": "user", "content": "first" }]);
        let request = json!({ "model": "m", "messages": [{ "role": "user", "content": "second" }] });
        let both = event(|| several(&history, &request));
        let shown = json!([{ "role": "user", "content": "first" }, { "role": "user", "content": "second" }]);
        assert_eq!((&both["meta"]["input"]["messages"], &both["meta"]["model_name"]), (&shown, &json!("m")));
        let (question, config) =
            (json!("Who are you?"), json!({ "model": "gpt-4o", "prompt": "You are a bot" }));
        let shown = event(|| several(&question, &config));
        let arguments = format!("{{\"question\":{question},\"config\":{config}}}");
        assert_eq!(shown["meta"]["input"]["messages"], json!([{ "role": "user", "content": arguments }]));
    }

    #[test]
    fn skipped_input_is_not_taken_from_the_answer() {
        let instructions = json!([{ "type": "message", "role": "developer", "content": [{ "type": "input_text", "text": "SECRET" }] }]);
        let message = json!({ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "Hi" }] });
        let answer = json!({ "object": "response", "status": "completed", "instructions": instructions, "output": [message] });
        let event = of_answer(answer);
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Hi" }]));
        assert!(!event.to_string().contains("SECRET"), "{event}");
    }

    #[test]
    fn credentials_in_a_request_are_not_shown() {
        let mut request = json!({ "model": "m", "temperature": 0, "messages": [{ "role": "user", "content": "Hi" }],
            "headers": { "cookie": "SECRET" }, "extra": { "x-goog-api-key": "SECRET" } });
        let names = [
            "openai_api_key",
            "azure_ad_token",
            "aws_access_key_id",
            "secret_key",
            "private_key",
            "refresh_token",
            "passwd",
        ];
        for name in names {
            request[name] = json!("SECRET");
        }
        let event = event(|| asked(&request));
        assert!(!event.to_string().contains("SECRET"), "{event}");
        assert_eq!(event["meta"]["metadata"], json!({ "temperature": 0, "extra": {} }));
    }

    #[test]
    fn calls_of_a_whole_answer_may_share_an_id() {
        let call = |city: &str| {
            let arguments = json!({ "city": city }).to_string();
            json!({ "id": "weather", "type": "function", "function": { "name": "weather", "arguments": arguments } })
        };
        let message =
            json!({ "role": "assistant", "content": null, "tool_calls": [call("Paris"), call("Rome")] });
        let event = of_answer(json!({ "choices": [{ "message": message }] }));
        let cities =
            output(&event)[0]["tool_calls"].as_array().unwrap().iter().map(|call| &call["arguments"]["city"]);
        assert_eq!(cities.collect::<Vec<_>>(), ["Paris", "Rome"]);
    }

    #[test]
    fn an_empty_error_is_ignored() {
        for nothing in [json!({}), json!(""), Value::Null] {
            let answer = json!({ "choices": [{ "message": { "role": "assistant", "content": "Hi" } }], "error": nothing });
            assert_eq!(of_answer(answer)["status"], "ok");
        }
    }

    #[test]
    fn values_that_each_event_repeats_do_not_use_up_the_limit() {
        let chunk = |parts: Value| {
            json!({ "candidates": [{ "content": { "parts": parts }, "finishReason": "STOP" }],
            "modelVersion": "g", "responseId": "r" })
        };
        let mut items = vec![chunk(json!([{ "text": "a" }])); 17_000];
        items.push(chunk(json!([{ "functionCall": { "name": "f", "args": {} } }])));
        let event = of_stream(items);
        assert_eq!(output(&event)[0]["tool_calls"][0]["name"], "f");
        assert_eq!(event["meta"]["metadata"]["finish_reason"], "STOP");
        let priced = |cost: u64| json!({ "object": "chat.completion.chunk", "choices": [], "usage": { "prompt_tokens": 1, "cost": cost } });
        let mut items: Vec<Value> = (1..1300).map(priced).collect();
        items.push(text_chunk("still here"));
        let event = of_stream(items);
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "still here" }]));
        assert_eq!(event["meta"]["metadata"]["cost"], 1299);
    }
}

mod tools {
    use super::*;

    #[llmobs::tool(skip_all)]
    fn call(result: Value) -> Value {
        result
    }

    #[test]
    fn results_of_mcp_servers_are_texts_and_can_be_failures() {
        let part = json!({ "type": "text", "text": "It rains." });
        let shown = event(|| drop(call(json!({ "content": [part], "isError": false }))));
        assert_eq!((&shown["meta"]["output"]["value"], error(&shown)), (&json!("It rains."), ("ok", "", "")));
        let failed = event(|| drop(call(json!({ "content": [part], "isError": true }))));
        assert_eq!(failed["meta"]["output"]["value"], "It rains.");
        assert_eq!(error(&failed), ("error", "tool_error", "It rains."));
        // Other results are shown like any value.
        for other in [
            json!({ "content": ["It rains."] }),
            json!({ "content": "It rains." }),
            json!({ "content": [part], "page": 2, "total": 40 }),
            json!({ "at": 7, "content": [part] }),
        ] {
            assert_eq!(event(|| drop(call(other.clone())))["meta"]["output"]["value"], other.to_string());
        }
    }
}

mod requests {
    use super::*;

    #[test]
    fn parameters_model_and_tools_are_read() {
        let request = json!({
            "model": "claude-sonnet-4-5", "max_tokens": 300, "system": "Be brief.", "temperature": 0.5,
            "messages": [{ "role": "user", "content": "Hi" }],
            "tools": [{ "name": "stock", "description": "Counts.", "input_schema": { "type": "object" } }],
        });
        let event = event(|| asked(&request));
        assert_eq!(event["meta"]["model_name"], "claude-sonnet-4-5");
        assert_eq!(event["meta"]["model_provider"], "anthropic");
        assert_eq!(event["meta"]["metadata"], json!({ "max_tokens": 300, "temperature": 0.5 }));
        assert_eq!(
            event["meta"]["tool_definitions"],
            json!([{ "name": "stock", "description": "Counts.", "schema": { "type": "object" } }])
        );
        assert_eq!(
            event["meta"]["input"]["messages"],
            json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Hi" }])
        );
    }

    #[test]
    fn requests_of_providers_with_the_model_in_the_url_need_no_model() {
        let gemini = json!({
            "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }], "generationConfig": { "temperature": 0.5 },
        });
        let bedrock = json!({
            "messages": [{ "role": "user", "content": [{ "text": "Hi" }] }], "inferenceConfig": { "temperature": 0.5 },
        });
        for (request, provider) in [(gemini, "google"), (bedrock, "amazon_bedrock")] {
            let event = event(|| asked(&request));
            assert_eq!(event["meta"]["input"]["messages"], json!([{ "role": "user", "content": "Hi" }]));
            assert_eq!(event["meta"]["metadata"], json!({ "temperature": 0.5 }));
            assert_eq!(
                (&event["meta"]["model_name"], &event["meta"]["model_provider"]),
                (&json!("unknown"), &json!(provider))
            );
        }
    }

    #[test]
    fn documents_of_a_request_are_metadata() {
        let request = json!({
            "model": "command-a", "messages": [{ "role": "user", "content": "Where?" }],
            "documents": [{ "id": "d1", "data": { "text": "At the dock." } }, "In town."],
        });
        let documents = json!([{ "text": "At the dock.", "id": "d1" }, { "text": "In town." }]);
        assert_eq!(event(|| asked(&request))["meta"]["metadata"]["documents"], documents);
    }

    #[llmobs::llm(model_name = "by-hand", metadata(temperature = 1), skip_output)]
    fn with_options(request: &Value) {
        let _ = request;
        llmobs::annotate(|note| {
            note.model_provider("me").metric("input_tokens", 1);
        });
    }

    #[test]
    fn options_and_annotations_win() {
        let request = json!({ "model": "m", "temperature": 0, "top_p": 0.5, "messages": [{ "role": "user", "content": "Hi" }] });
        let event = event(|| with_options(&request));
        assert_eq!(event["meta"]["model_name"], "by-hand");
        assert_eq!(event["meta"]["model_provider"], "me");
        assert_eq!(event["meta"]["metadata"], json!({ "temperature": 1, "top_p": 0.5 }));
        assert_eq!(event["metrics"], json!({ "input_tokens": 1 }));
    }

    /// A value that only looks like a response adds nothing to the span.
    #[test]
    fn a_request_for_embeddings_is_not_read_as_messages() {
        let request = json!({ "model": "m", "input": ["Hi"], "dimensions": 3 });
        let event = event(|| asked(&request));
        let shown = json!({ "request": request }).to_string();
        assert_eq!(event["meta"]["input"]["messages"], json!([{ "role": "user", "content": shown }]));
        assert_eq!(event["meta"]["metadata"], json!({}));
    }

    #[test]
    fn a_request_without_messages_is_shown_unchanged() {
        let request = json!({ "model": "m", "prompt": { "id": "p" }, "temperature": 0 });
        let event = event(|| asked(&request));
        let shown = json!({ "request": request }).to_string();
        assert_eq!(event["meta"]["input"]["messages"], json!([{ "role": "user", "content": shown }]));
        assert_eq!(event["meta"]["model_name"], "m");
    }

    #[llmobs::llm(name = "call", skip(answer))]
    fn exchange(request: &Value, answer: Value) -> Value {
        let _ = request;
        answer
    }

    /// The answer has the messages of a prompt that the provider stores.
    #[test]
    fn messages_of_a_stored_prompt_are_the_input() {
        let request = json!({ "prompt": { "id": "pmpt_1" } });
        let answer = json!({
            "object": "response", "status": "completed",
            "instructions": [{ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "Rain?" }] }],
            "output": [{ "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "Yes" }] }],
        });
        let event = event(|| drop(exchange(&request, answer)));
        assert_eq!(event["meta"]["input"]["messages"], json!([{ "role": "user", "content": "Rain?" }]));
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Yes" }]));
    }

    /// dd-trace-py#19690.
    #[test]
    fn large_media_do_not_hide_the_question() {
        let image = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ".repeat(400_000 / 44);
        let part =
            json!({ "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{image}") } });
        let mut content = vec![part; 8];
        content.push(json!({ "type": "text", "text": "On which page?" }));
        let input = of_request(&json!([{ "role": "user", "content": content }]));
        let note = format!("[image: image/png, {} bytes]\n", image.len() * 3 / 4);
        assert_eq!(input, json!([{ "role": "user", "content": note.repeat(8) + "On which page?" }]));
    }

    #[test]
    fn a_request_and_an_answer_can_be_annotated() {
        let event = event(|| {
            let span = llmobs::llm("complete").start();
            span.annotate(|note| {
                note.request(json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] }));
                let mut reader = llmobs::providers::ResponseReader::new();
                reader.push(b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello\"}]},\"finishReason\":\"STOP\"}],");
                reader.push(b"\"modelVersion\":\"gemini-3-flash\",\"usageMetadata\":{\"promptTokenCount\":1}}\r\n\r\n");
                note.response(reader.finish());
            });
            span.finish();
        });
        assert_eq!(event["meta"]["input"]["messages"], json!([{ "role": "user", "content": "Hi" }]));
        assert_eq!(*output(&event), json!([{ "role": "assistant", "content": "Hello" }]));
        assert_eq!(event["meta"]["model_name"], "gemini-3-flash");
        assert_eq!(event["meta"]["model_provider"], "google");
        assert_eq!(event["meta"]["metadata"], json!({ "finish_reason": "STOP" }));
        assert_eq!(event["metrics"], json!({ "input_tokens": 1 }));
    }
}
