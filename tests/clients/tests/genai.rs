//! Calls by genai: one format of requests, answers and streams for the APIs of many providers.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

use expect_test::{Expect, expect};
use futures_util::{Stream, StreamExt as _};
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponse, ChatStreamEvent, Tool, ToolCall, ToolResponse,
};
use genai::embed::{EmbedRequest, EmbedResponse};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use llmobs_clients_tests::{Exchange, span};
use serde_json::{Value, json};

/// A client that sends all calls to a server with this answer, with the API of a provider.
fn client(api: AdapterKind, exchange: &Exchange) -> Client {
    let url = format!("{}/v1/", exchange.serve().url());
    let resolve = move |target: ServiceTarget| {
        Ok(ServiceTarget {
            endpoint: Endpoint::from_owned(url.clone()),
            auth: AuthData::from_single("secret"),
            model: ModelIden::new(api, target.model.model_name),
        })
    };
    Client::builder().with_service_target_resolver_fn(resolve).build().unwrap()
}

#[llmobs::llm(skip(client))]
async fn chat(client: &Client, model: &str, request: ChatRequest) -> genai::Result<ChatResponse> {
    client.exec_chat(model, request, None).await
}

#[llmobs::llm(model_name = model, skip(client))]
async fn chat_stream(
    client: &Client,
    model: &str,
    request: ChatRequest,
) -> genai::Result<impl Stream<Item = genai::Result<ChatStreamEvent>>> {
    let options = ChatOptions::default().with_capture_usage(true);
    Ok(client.exec_chat_stream(model, request, Some(&options)).await?.stream)
}

#[llmobs::embedding(skip(client))]
async fn embed(client: &Client, model: &str, request: EmbedRequest) -> genai::Result<EmbedResponse> {
    client.exec_embed(model, request, None).await
}

fn check(event: &Value, expected: &Expect) {
    expected.assert_eq(&format!("{event:#}\n"));
}

fn request() -> ChatRequest {
    let call = ToolCall {
        call_id: "call_0".to_owned(),
        fn_name: "clock".to_owned(),
        fn_arguments: json!({ "zone": "CET" }),
        thought_signatures: None,
    };
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    ChatRequest::from_system("Be brief.")
        .append_message(ChatMessage::user("The time, and the weather in Paris?"))
        .append_message(ChatMessage::from(vec![call]))
        .append_message(ChatMessage::from(ToolResponse::new("call_0", "noon")))
        .with_tools([Tool::new("weather").with_description("The weather in a city.").with_schema(schema)])
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
                { "role": "user", "content": "The time, and the weather in Paris?" },
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        { "name": "clock", "arguments": { "zone": "CET" }, "tool_id": "call_0", "type": "function" }
                    ],
                },
                { "role": "tool", "content": "", "tool_results": [{ "result": "noon", "tool_id": "call_0" }] },
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

fn ask(api: AdapterKind, answer: &Exchange) -> Value {
    let client = client(api, answer);
    without_request(span(chat(&client, "a-model", request())))
}

fn ask_stream(api: AdapterKind, answer: &Exchange) -> Value {
    let client = client(api, answer);
    without_request(span(async { chat_stream(&client, "a-model", request()).await.unwrap().count().await }))
}

#[test]
fn openai_answers_are_read() {
    let event = ask(AdapterKind::OpenAI, &Exchange::of_fixture("openai/deepseek_chat_thinking_tools"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "tool_calls"
                },
                "model_name": "deepseek-reasoner",
                "model_provider": "openai",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "It is dry.\nSum next."
                    },
                    {
                      "role": "assistant",
                      "content": "Dry;",
                      "tool_calls": [
                        {
                          "name": "sum",
                          "arguments": {
                            "xs": [
                              1,
                              2
                            ]
                          },
                          "tool_id": "call_00_b",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "cache_read_input_tokens": 64,
                "input_tokens": 100,
                "output_tokens": 20,
                "reasoning_output_tokens": 9,
                "total_tokens": 120
              }
            }
        "#]],
    );
}

#[test]
fn openai_streams_are_read() {
    let event =
        ask_stream(AdapterKind::OpenAI, &Exchange::of_fixture("openai/deepseek_chat_thinking_tools_stream"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat_stream",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "tool_calls"
                },
                "model_name": "a-model",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "It is dry.\nSum next."
                    },
                    {
                      "role": "assistant",
                      "content": "Dry; ",
                      "tool_calls": [
                        {
                          "name": "sum",
                          "arguments": {
                            "xs": [
                              1,
                              2
                            ]
                          },
                          "tool_id": "call_00_b",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "cache_read_input_tokens": 64,
                "input_tokens": 100,
                "output_tokens": 20,
                "reasoning_output_tokens": 9,
                "time_to_first_token": "<seconds>",
                "total_tokens": 120
              }
            }
        "#]],
    );
}

#[test]
fn anthropic_answers_are_read() {
    let event = ask(AdapterKind::Anthropic, &Exchange::of_fixture("anthropic/thinking_tools"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "tool_use"
                },
                "model_name": "claude-sonnet-4-6",
                "model_provider": "anthropic",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "The blue room seats eight. Fine.\n\n[redacted_thinking]\n\nList first?"
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
                "ephemeral_1h_input_tokens": 300,
                "ephemeral_5m_input_tokens": 50,
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
    let event = ask_stream(AdapterKind::Anthropic, &Exchange::of_fixture("anthropic/thinking_tools_stream"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat_stream",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "tool_use"
                },
                "model_name": "a-model",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "The blue room seats eight. Fine.List first?"
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
                "ephemeral_1h_input_tokens": 300,
                "ephemeral_5m_input_tokens": 50,
                "input_tokens": 479,
                "output_tokens": 77,
                "time_to_first_token": "<seconds>",
                "total_tokens": 556
              }
            }
        "#]],
    );
}

#[test]
fn gemini_answers_are_read() {
    let event = ask(AdapterKind::Gemini, &Exchange::of_fixture("gemini/thoughts_text_call"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "STOP"
                },
                "model_name": "gemini-3-flash-preview",
                "model_provider": "google",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "**Checking the tide**\n\nI need the table for Brest first.\n\n\n"
                    },
                    {
                      "role": "assistant",
                      "content": "Let me look that up.",
                      "tool_calls": [
                        {
                          "name": "get_tide",
                          "arguments": {
                            "harbour": "Brest"
                          },
                          "tool_id": "fc_17",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "input_tokens": 71,
                "output_tokens": 81,
                "reasoning_output_tokens": 58,
                "total_tokens": 152
              }
            }
        "#]],
    );
}

#[test]
fn gemini_streams_are_read() {
    let event = ask_stream(AdapterKind::Gemini, &Exchange::of_fixture("gemini/thoughts_text_call_stream"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat_stream",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "STOP"
                },
                "model_name": "a-model",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "**Checking the tide**\n\nI need the table for Brest first.\n\n\n"
                    },
                    {
                      "role": "assistant",
                      "content": "Let me look that up.",
                      "tool_calls": [
                        {
                          "name": "get_tide",
                          "arguments": {
                            "harbour": "Brest"
                          },
                          "tool_id": "fc_17",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "input_tokens": 71,
                "output_tokens": 81,
                "reasoning_output_tokens": 58,
                "time_to_first_token": "<seconds>",
                "total_tokens": 152
              }
            }
        "#]],
    );
}

#[test]
fn a_stream_error_keeps_the_partial_answer() {
    let event = ask_stream(AdapterKind::Anthropic, &Exchange::of_fixture("anthropic/stream_error"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "chat_stream",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {},
                "model_name": "a-model",
                "model_provider": "unknown",
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "Once upon a time"
                    }
                  ]
                },
                "error": {
                  "type": "genai::error::Error",
                  "message": "Error event in stream for model 'a-model (adapter: Anthropic)'. Body: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\",\"details\":null},\"request_id\":\"req_011Over\"}",
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
        &ask(AdapterKind::OpenAI, &exchange),
        &expect![[r#"
            {
              "name": "chat",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {},
                "model_name": "unknown",
                "model_provider": "unknown",
                "error": {
                  "type": "genai::error::Error",
                  "message": "Web call failed for model 'a-model (adapter: OpenAI)'.\nCause: Request failed with status code '401 Unauthorized'. Response body:\n{\"error\":{\"message\":\"Incorrect API key.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}",
                  "stack": "<stack>"
                }
              },
              "metrics": {}
            }
        "#]],
    );
    check(
        &ask_stream(AdapterKind::OpenAI, &exchange),
        &expect![[r#"
            {
              "name": "chat_stream",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {},
                "model_name": "a-model",
                "model_provider": "unknown",
                "error": {
                  "type": "genai::error::Error",
                  "message": "Web stream error for model 'a-model (adapter: OpenAI)'.\nCause: HTTP error.\nStatus: 401 Unauthorized Unauthorized\nBody: {\"error\":{\"message\":\"Incorrect API key.\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"invalid_api_key\"}}",
                  "stack": "<stack>"
                }
              },
              "metrics": {}
            }
        "#]],
    );
}

#[test]
fn embeddings_are_counted() {
    let vector = |index: u32| json!({ "object": "embedding", "index": index, "embedding": [0.1, -0.2, 0.3] });
    let answer = json!({
        "object": "list",
        "model": "text-embedding-3-small-1",
        "data": [vector(0), vector(1)],
        "usage": { "prompt_tokens": 4, "total_tokens": 4 },
    });
    let client = client(AdapterKind::OpenAI, &Exchange::new(Value::Null, answer));
    let request = EmbedRequest::new_batch(vec!["one".to_owned(), "two".to_owned()]);
    check(
        &span(embed(&client, "text-embedding-3-small", request)),
        &expect![[r#"
            {
              "name": "embed",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "embedding"
                },
                "metadata": {},
                "model_name": "text-embedding-3-small-1",
                "model_provider": "openai",
                "input": {
                  "documents": [
                    {
                      "text": "one"
                    },
                    {
                      "text": "two"
                    }
                  ]
                },
                "output": {
                  "value": "[2 embedding(s) returned with size 3]"
                }
              },
              "metrics": {
                "input_tokens": 4,
                "total_tokens": 4
              }
            }
        "#]],
    );
}
