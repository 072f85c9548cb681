//! Calls by rig: its requests, answers and streams as arguments and returned values.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::result_large_err,
    clippy::unwrap_used,
    reason = "the errors of rig are large, a test panics if it cannot continue, and expect-test writes its own strings"
)]

use expect_test::{Expect, expect};
use futures_util::{Stream, StreamExt as _};
use llmobs_clients_tests::{Exchange, span};
use rig_core::completion::{CompletionRequest, CompletionResponse, Message, ToolDefinition};
use rig_core::message::ToolName;
use rig_core::operation::Completion;
use rig_core::providers::anthropic::AnthropicConfig;
use rig_core::providers::openai::OpenAIConfig;
use rig_core::streaming::{Item, StreamEvent};
use rig_core::{DynModel, ProviderError};
use serde_json::{Value, json};

#[llmobs::llm(skip(model))]
async fn complete(
    model: &DynModel<Completion>,
    request: CompletionRequest,
) -> Result<CompletionResponse, ProviderError> {
    model.call(request).await
}

#[llmobs::llm(model_name = model.id(), skip(model))]
fn complete_stream(
    model: &DynModel<Completion>,
    request: CompletionRequest,
) -> Result<impl Stream<Item = Result<Item<StreamEvent>, ProviderError>> + use<>, ProviderError> {
    model.stream(request)
}

fn check(event: &Value, expected: &Expect) {
    expected.assert_eq(&format!("{event:#}\n"));
}

fn request() -> CompletionRequest {
    let tool = ToolDefinition {
        name: ToolName::new("weather").unwrap(),
        description: "The weather in a city.".to_owned(),
        parameters: json!({ "type": "object", "properties": { "city": { "type": "string" } } }),
    };
    CompletionRequest::new("Weather in Paris?")
        .preamble("Be brief.")
        .messages([Message::user("Hi"), Message::assistant("Hello")])
        .tools(vec![tool])
        .temperature(0.5)
        .max_tokens(100)
        .additional_params(json!({ "user": "u" }))
}

fn openai(exchange: &Exchange) -> DynModel<Completion> {
    OpenAIConfig::new("secret").with_base_url(exchange.serve().url()).client().chat("gpt-4o-mini").erase()
}

fn anthropic(exchange: &Exchange) -> DynModel<Completion> {
    AnthropicConfig::new("secret").with_base_url(exchange.serve().url()).client().completion("claude").erase()
}

/// Checks the recorded request, which is the same in all tests, and removes it from the event.
fn without_request(mut event: Value) -> Value {
    let meta = event["meta"].as_object_mut().unwrap();
    let shown: Value =
        ["input", "tool_definitions"].into_iter().map(|field| (field, meta.remove(field))).collect();
    let expected = json!({
        "input": {
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "Hi" },
                { "role": "assistant", "content": "Hello" },
                { "role": "user", "content": "Weather in Paris?" },
            ],
        },
        "tool_definitions": [{
            "name": "weather",
            "description": "The weather in a city.",
            "schema": { "type": "object", "properties": { "city": { "type": "string" } } },
        }],
    });
    assert_eq!(shown, expected);
    event
}

fn ask(model: &DynModel<Completion>) -> Value {
    without_request(span(complete(model, request())))
}

fn ask_stream(model: &DynModel<Completion>) -> Value {
    without_request(span(async { complete_stream(model, request()).unwrap().count().await }))
}

#[test]
fn openai_answers_are_read() {
    let event = ask(&openai(&Exchange::of_fixture("openai/openai_chat_tool_results")));
    check(
        &event,
        &expect![[r#"
            {
              "name": "complete",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "cost": {
                    "input": 0.000011400000000000001,
                    "output": 7.2e-6,
                    "cache_read": 0.0000768,
                    "cache_write": 0.0,
                    "total": 0.0000954
                  },
                  "finish_reason": "tool_calls",
                  "max_tokens": 100,
                  "response_id": "chatcmpl-rt01",
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "gpt-4.1-2025-04-14",
                "model_provider": "openai",
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "Once more.",
                      "tool_calls": [
                        {
                          "name": "add",
                          "arguments": {},
                          "tool_id": "call_3",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "cache_read_input_tokens": 1024,
                "input_tokens": 1100,
                "output_tokens": 12,
                "reasoning_output_tokens": 0,
                "total_tokens": 1112
              }
            }
        "#]],
    );
}

#[test]
fn openai_streams_are_read() {
    let event = ask_stream(&openai(&Exchange::of_fixture("openai/openrouter_chat_reasoning_tools_stream")));
    check(
        &event,
        &expect![[r#"
            {
              "name": "complete_stream",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "max_tokens": 100,
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "gpt-4o-mini",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "**Rolling** a die."
                    },
                    {
                      "role": "assistant",
                      "content": "Rolling.",
                      "tool_calls": [
                        {
                          "name": "roll",
                          "arguments": {
                            "sides": 6
                          },
                          "tool_id": "call_r",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "time_to_first_token": "<seconds>"
              }
            }
        "#]],
    );
}

#[test]
fn anthropic_answers_are_read() {
    let event = ask(&anthropic(&Exchange::of_fixture("anthropic/thinking_tools")));
    check(
        &event,
        &expect![[r#"
            {
              "name": "complete",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "tool_calls",
                  "max_tokens": 100,
                  "response_id": "msg_01Think",
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "claude-sonnet-4-6",
                "model_provider": "anthropic",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "The blue room seats eight. Fine.\n\n[reasoning]\n\nList first?"
                    },
                    {
                      "role": "assistant",
                      "content": "Booking now.",
                      "tool_calls": [
                        {
                          "name": "list_rooms",
                          "arguments": {},
                          "tool_id": "toolu_01List",
                          "type": "function"
                        },
                        {
                          "name": "book_room",
                          "arguments": {
                            "room": "blue \"north\"",
                            "seats": 6,
                            "tags": [
                              "a",
                              {
                                "b": null
                              }
                            ]
                          },
                          "tool_id": "toolu_01Book",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "cache_read_input_tokens": 120,
                "cache_write_input_tokens": 350,
                "input_tokens": 479,
                "output_tokens": 77,
                "reasoning_output_tokens": 21,
                "total_tokens": 556
              }
            }
        "#]],
    );
}

#[test]
fn anthropic_streams_are_read() {
    let event = ask_stream(&anthropic(&Exchange::of_fixture("anthropic/thinking_tools_stream")));
    check(
        &event,
        &expect![[r#"
            {
              "name": "complete_stream",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "max_tokens": 100,
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "claude",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "The blue room seats eight. Fine.\n\n[reasoning]\n\nList first?"
                    },
                    {
                      "role": "assistant",
                      "content": "Booking now.",
                      "tool_calls": [
                        {
                          "name": "list_rooms",
                          "arguments": {},
                          "tool_id": "toolu_01List",
                          "type": "function"
                        },
                        {
                          "name": "book_room",
                          "arguments": {
                            "room": "blue \"north\"",
                            "seats": 6,
                            "tags": [
                              "a",
                              {
                                "b": null
                              }
                            ]
                          },
                          "tool_id": "toolu_01Book",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "time_to_first_token": "<seconds>"
              }
            }
        "#]],
    );
}

#[test]
fn a_stream_error_keeps_the_partial_answer() {
    let event = ask_stream(&openai(&Exchange::of_fixture("openai/openai_chat_error_in_stream")));
    check(
        &event,
        &expect![[r#"
            {
              "name": "complete_stream",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "max_tokens": 100,
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "gpt-4o-mini",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "Good mor"
                    }
                  ]
                },
                "error": {
                  "type": "rig_core::error::ProviderError",
                  "message": "ProviderResponseError: {\"error\":{\"message\":\"The server had an error while processing your request.\",\"type\":\"server_error\",\"param\":null,\"code\":null}}",
                  "stack": "<stack>"
                }
              },
              "metrics": {
                "time_to_first_token": "<seconds>"
              }
            }
        "#]],
    );
}

#[test]
fn an_error_status_becomes_the_error_of_the_span() {
    let error = json!({ "error": { "message": "Incorrect API key.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key" } });
    let exchange = Exchange::new(Value::Null, error).with_status(401);
    check(
        &ask(&openai(&exchange)),
        &expect![[r#"
            {
              "name": "complete",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "max_tokens": 100,
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "unknown",
                "model_provider": "unknown",
                "error": {
                  "type": "rig_core::error::ProviderError",
                  "message": "ProviderResponseError: status 401 Unauthorized: {\"error\":{\"message\":\"Incorrect API key.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}",
                  "stack": "<stack>"
                }
              },
              "metrics": {}
            }
        "#]],
    );
    check(
        &ask_stream(&openai(&exchange)),
        &expect![[r#"
            {
              "name": "complete_stream",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "max_tokens": 100,
                  "temperature": 0.5,
                  "user": "u"
                },
                "model_name": "gpt-4o-mini",
                "model_provider": "unknown",
                "error": {
                  "type": "rig_core::error::ProviderError",
                  "message": "ProviderResponseError: status 401 Unauthorized: {\"error\":{\"message\":\"Incorrect API key.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}",
                  "stack": "<stack>"
                }
              },
              "metrics": {}
            }
        "#]],
    );
}
