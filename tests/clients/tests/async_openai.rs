//! Calls by async-openai: its requests, answers and streams as arguments and returned values.

#![allow(
    clippy::needless_raw_string_hashes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue, and expect-test writes its own strings"
)]

use std::sync::Mutex;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage, ChatCompletionResponseStream,
    ChatCompletionTool, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
    CreateChatCompletionResponse, FunctionObjectArgs,
};
use async_openai::types::embeddings::{CreateEmbeddingRequest, CreateEmbeddingResponse};
use async_openai::types::responses::{CreateResponse, Response, ResponseStream};
use expect_test::{Expect, expect};
use futures_util::stream::{self, Stream, StreamExt as _};
use llmobs_clients_tests::{Exchange, span};
use llmobs_test_support::CaptureServer;
use serde_json::{Value, json};

type OpenAi = Client<OpenAIConfig>;

fn client(server: &CaptureServer) -> OpenAi {
    Client::with_config(OpenAIConfig::new().with_api_base(server.url()).with_api_key("secret"))
}

#[llmobs::llm(skip(client))]
async fn chat(
    client: &OpenAi,
    request: CreateChatCompletionRequest,
) -> Result<CreateChatCompletionResponse, OpenAIError> {
    client.chat().create(request).await
}

#[llmobs::llm(skip(client), stream)]
async fn chat_stream(
    client: &OpenAi,
    request: CreateChatCompletionRequest,
) -> Result<ChatCompletionResponseStream, OpenAIError> {
    client.chat().create_stream(request).await
}

#[llmobs::llm(skip(client))]
async fn respond(client: &OpenAi, request: CreateResponse) -> Result<Response, OpenAIError> {
    client.responses().create(request).await
}

#[llmobs::llm(skip(client), stream)]
async fn respond_stream(client: &OpenAi, request: CreateResponse) -> Result<ResponseStream, OpenAIError> {
    client.responses().create_stream(request).await
}

#[llmobs::embedding(skip(client))]
async fn embed(
    client: &OpenAi,
    request: CreateEmbeddingRequest,
) -> Result<CreateEmbeddingResponse, OpenAIError> {
    client.embeddings().create(request).await
}

fn check(event: &Value, expected: &Expect) {
    expected.assert_eq(&format!("{event:#}\n"));
}

fn ask_chat(exchange: &Exchange) -> Value {
    let client = client(&exchange.serve());
    span(chat(&client, exchange.request()))
}

fn ask_chat_stream(exchange: &Exchange) -> Value {
    let client = client(&exchange.serve());
    span(async { chat_stream(&client, exchange.request()).await.unwrap().count().await })
}

fn ask_respond(exchange: &Exchange) -> Value {
    let client = client(&exchange.serve());
    span(respond(&client, exchange.request()))
}

fn ask_respond_stream(exchange: &Exchange) -> Value {
    let client = client(&exchange.serve());
    span(async { respond_stream(&client, exchange.request()).await.unwrap().count().await })
}

#[test]
fn a_chat_is_read_from_request_and_answer() {
    let tool = FunctionObjectArgs::default()
        .name("weather")
        .description("The weather in a city.")
        .parameters(json!({ "type": "object", "properties": { "city": { "type": "string" } } }))
        .build()
        .unwrap();
    let request = CreateChatCompletionRequestArgs::default()
        .model("gpt-4o-mini")
        .messages([
            ChatCompletionRequestSystemMessage::from("Be brief.").into(),
            ChatCompletionRequestUserMessage::from("Weather in Paris?").into(),
        ])
        .tools(ChatCompletionTool { function: tool })
        .temperature(0.5)
        .max_completion_tokens(100_u32)
        .build()
        .unwrap();
    let answer = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Let me look.",
                "refusal": null,
                "annotations": [],
                "tool_calls": [{
                    "id": "call_1",
                    "type": "function",
                    "function": { "name": "weather", "arguments": "{\"city\":\"Paris\"}" },
                }],
            },
            "logprobs": null,
            "finish_reason": "tool_calls",
        }],
        "usage": {
            "prompt_tokens": 80,
            "completion_tokens": 20,
            "total_tokens": 100,
            "prompt_tokens_details": { "cached_tokens": 64, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 5, "audio_tokens": 0 },
        },
        "service_tier": "default",
        "system_fingerprint": "fp_1",
    });
    let client = client(&Exchange::new(Value::Null, answer).serve());
    check(
        &span(chat(&client, request)),
        &expect![[r#"
            {
              "name": "chat",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "tool_calls",
                  "max_completion_tokens": 100,
                  "response_id": "chatcmpl-1",
                  "service_tier": "default",
                  "system_fingerprint": "fp_1",
                  "temperature": 0.5
                },
                "model_name": "gpt-4o-mini-2024-07-18",
                "model_provider": "openai",
                "tool_definitions": [
                  {
                    "name": "weather",
                    "description": "The weather in a city.",
                    "schema": {
                      "type": "object",
                      "properties": {
                        "city": {
                          "type": "string"
                        }
                      }
                    }
                  }
                ],
                "input": {
                  "messages": [
                    {
                      "role": "system",
                      "content": "Be brief."
                    },
                    {
                      "role": "user",
                      "content": "Weather in Paris?"
                    }
                  ]
                },
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "Let me look.",
                      "tool_calls": [
                        {
                          "name": "weather",
                          "arguments": {
                            "city": "Paris"
                          },
                          "tool_id": "call_1",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "audio_input_tokens": 0,
                "audio_output_tokens": 0,
                "cache_read_input_tokens": 64,
                "input_tokens": 80,
                "output_tokens": 20,
                "reasoning_output_tokens": 5,
                "total_tokens": 100
              }
            }
        "#]],
    );
}

#[test]
fn a_history_of_tool_calls_is_read() {
    let request = json!({
        "model": "gpt-4.1",
        "parallel_tool_calls": false,
        "tool_choice": "required",
        "messages": [
            { "role": "developer", "content": "Use the tools." },
            {
                "role": "user",
                "content": [
                    { "type": "text", "text": "Add and look." },
                    { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } },
                ],
            },
            {
                "role": "assistant",
                "content": "I will do both.",
                "tool_calls": [
                    { "id": "call_1", "type": "function", "function": { "name": "add", "arguments": "{\"a\":1.5}" } },
                    { "id": "call_2", "type": "custom", "custom_tool": { "name": "look", "input": "left" } },
                ],
            },
            { "role": "tool", "tool_call_id": "call_1", "content": "3.5" },
            {
                "role": "tool",
                "tool_call_id": "call_2",
                "content": [{ "type": "text", "text": "a wall" }, { "type": "text", "text": "a door" }],
            },
        ],
    });
    let exchange = Exchange::of_fixture("openai/openai_chat_tool_results").with_request(request);
    let event = ask_chat(&exchange);
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
                  "finish_reason": "tool_calls",
                  "parallel_tool_calls": false,
                  "response_id": "chatcmpl-rt01",
                  "service_tier": "default",
                  "system_fingerprint": "fp_rt",
                  "tool_choice": "required"
                },
                "model_name": "gpt-4.1-2025-04-14",
                "model_provider": "openai",
                "input": {
                  "messages": [
                    {
                      "role": "developer",
                      "content": "Use the tools."
                    },
                    {
                      "role": "user",
                      "content": "Add and look.\n[image: https://example.com/a.png]"
                    },
                    {
                      "role": "assistant",
                      "content": "I will do both.",
                      "tool_calls": [
                        {
                          "name": "add",
                          "arguments": {
                            "a": 1.5
                          },
                          "tool_id": "call_1",
                          "type": "function"
                        },
                        {
                          "name": "look",
                          "arguments": {
                            "value": "left"
                          },
                          "tool_id": "call_2",
                          "type": "custom"
                        }
                      ]
                    },
                    {
                      "role": "tool",
                      "content": "",
                      "tool_results": [
                        {
                          "result": "3.5",
                          "tool_id": "call_1"
                        }
                      ]
                    },
                    {
                      "role": "tool",
                      "content": "",
                      "tool_results": [
                        {
                          "result": "a wall\na door",
                          "tool_id": "call_2"
                        }
                      ]
                    }
                  ]
                },
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
                "audio_input_tokens": 0,
                "audio_output_tokens": 0,
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
fn a_streamed_chat_is_read_from_its_chunks() {
    let chunk = |delta: Value, finish_reason: Option<&str>, usage: Value| {
        let choices = match delta {
            Value::Null => json!([]),
            delta => {
                json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }])
            }
        };
        let chunk = json!({
            "id": "chatcmpl-2",
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": "gpt-4o-mini-2024-07-18",
            "service_tier": "default",
            "system_fingerprint": "fp_1",
            "choices": choices,
            "usage": usage,
            "obfuscation": "x7",
        });
        format!("data: {chunk}\n\n")
    };
    let call = |call: Value| chunk(json!({ "tool_calls": [call] }), None, Value::Null);
    let events = [
        chunk(json!({ "role": "assistant", "content": "", "refusal": null }), None, Value::Null),
        chunk(json!({ "content": "Let me " }), None, Value::Null),
        chunk(json!({ "content": "look." }), None, Value::Null),
        call(
            json!({ "index": 0, "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "" } }),
        ),
        call(json!({ "index": 0, "function": { "arguments": "{\"city\":" } })),
        call(json!({ "index": 0, "function": { "arguments": "\"Paris\"}" } })),
        call(
            json!({ "index": 1, "id": "call_2", "type": "function", "function": { "name": "clock", "arguments": "{}" } }),
        ),
        chunk(json!({}), Some("tool_calls"), Value::Null),
        chunk(
            Value::Null,
            None,
            json!({
                "prompt_tokens": 80,
                "completion_tokens": 20,
                "total_tokens": 100,
                "prompt_tokens_details": { "cached_tokens": 64, "audio_tokens": 0 },
            }),
        ),
        "data: [DONE]\n\n".to_owned(),
    ];
    let request = json!({
        "model": "gpt-4o-mini",
        "messages": [{ "role": "user", "content": "Weather in Paris, and the time?" }],
        "stream_options": { "include_usage": true },
    });
    let event = ask_chat_stream(&Exchange::new(request, events.concat().into()));
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
                  "finish_reason": "tool_calls",
                  "response_id": "chatcmpl-2",
                  "service_tier": "default",
                  "stream_options": {
                    "include_usage": true
                  },
                  "system_fingerprint": "fp_1"
                },
                "model_name": "gpt-4o-mini-2024-07-18",
                "model_provider": "openai",
                "input": {
                  "messages": [
                    {
                      "role": "user",
                      "content": "Weather in Paris, and the time?"
                    }
                  ]
                },
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "Let me look.",
                      "tool_calls": [
                        {
                          "name": "weather",
                          "arguments": {
                            "city": "Paris"
                          },
                          "tool_id": "call_1",
                          "type": "function"
                        },
                        {
                          "name": "clock",
                          "arguments": {},
                          "tool_id": "call_2",
                          "type": "function"
                        }
                      ]
                    }
                  ]
                }
              },
              "metrics": {
                "audio_input_tokens": 0,
                "cache_read_input_tokens": 64,
                "input_tokens": 80,
                "output_tokens": 20,
                "time_to_first_token": "<seconds>",
                "total_tokens": 100
              }
            }
        "#]],
    );
}

#[test]
fn a_stream_error_keeps_the_partial_answer() {
    let event = ask_chat_stream(&Exchange::of_fixture("openai/openai_chat_error_in_stream"));
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
                "metadata": {
                  "response_id": "chatcmpl-err01",
                  "service_tier": "default",
                  "stream": true,
                  "system_fingerprint": "fp_err"
                },
                "model_name": "gpt-4o-mini-2024-07-18",
                "model_provider": "openai",
                "error": {
                  "type": "async_openai::error::OpenAIError",
                  "message": "failed to deserialize api response: error:missing field `id` at line 1 column 125 content:{\"error\":{\"message\":\"The server had an error while processing your request.\",\"type\":\"server_error\",\"param\":null,\"code\":null}}",
                  "stack": "<stack>"
                },
                "input": {
                  "messages": [
                    {
                      "role": "user",
                      "content": "Hi"
                    }
                  ]
                },
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "Good mor"
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
fn an_error_status_becomes_the_error_of_the_span() {
    let error = json!({ "error": { "message": "Incorrect API key.", "type": "invalid_request_error", "param": null, "code": "invalid_api_key" } });
    let request = json!({ "model": "gpt-4o-mini", "messages": [{ "role": "user", "content": "Hi" }] });
    let exchange = Exchange::new(request, error).with_status(401);
    let event = ask_chat(&exchange);
    check(
        &event,
        &expect![[r#"
        {
          "name": "chat",
          "status": "error",
          "meta": {
            "span": {
              "kind": "llm"
            },
            "metadata": {},
            "model_name": "gpt-4o-mini",
            "model_provider": "openai",
            "error": {
              "type": "async_openai::error::OpenAIError",
              "message": "401 Unauthorized invalid_request_error: Incorrect API key. (code: invalid_api_key)",
              "stack": "<stack>"
            },
            "input": {
              "messages": [
                {
                  "role": "user",
                  "content": "Hi"
                }
              ]
            }
          },
          "metrics": {}
        }
    "#]],
    );

    let client = client(&exchange.serve());
    let mut streamed = span(async { chat_stream(&client, exchange.request()).await.is_err() });
    streamed["name"] = event["name"].clone();
    assert_eq!(streamed, event);
}

#[test]
fn a_response_is_read_from_request_and_answer() {
    let event = ask_respond(&Exchange::of_fixture("openai/openai_responses_search_and_code"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "respond",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "citations": [
                    {
                      "type": "file_citation",
                      "file_id": "file-k",
                      "filename": "kites.md",
                      "index": 4
                    },
                    {
                      "type": "url_citation",
                      "end_index": 9,
                      "start_index": 0,
                      "title": "Kites",
                      "url": "https://kites.example/"
                    },
                    {
                      "type": "container_file_citation",
                      "container_id": "cntr_1",
                      "end_index": 9,
                      "file_id": "cfile_1",
                      "filename": "plot.png",
                      "start_index": 4
                    }
                  ],
                  "finish_reason": "completed",
                  "include": [
                    "file_search_call.results"
                  ],
                  "response_id": "resp_s1",
                  "service_tier": "default"
                },
                "model_name": "gpt-5-2025-08-07",
                "model_provider": "openai",
                "tool_definitions": [
                  {
                    "name": "web_search"
                  },
                  {
                    "name": "file_search"
                  },
                  {
                    "name": "code_interpreter"
                  }
                ],
                "input": {
                  "messages": [
                    {
                      "role": "user",
                      "content": "Find kites."
                    }
                  ]
                },
                "output": {
                  "messages": [
                    {
                      "role": "reasoning",
                      "content": "**Search** first.\n\nThen count."
                    },
                    {
                      "role": "assistant",
                      "content": "",
                      "tool_calls": [
                        {
                          "name": "web_search",
                          "arguments": {
                            "action": {
                              "type": "search",
                              "query": "kites",
                              "queries": null,
                              "sources": null
                            }
                          },
                          "tool_id": "ws_1",
                          "type": "web_search_call"
                        },
                        {
                          "name": "file_search",
                          "arguments": {
                            "queries": [
                              "kites",
                              "kite size"
                            ]
                          },
                          "tool_id": "fs_1",
                          "type": "file_search_call"
                        }
                      ]
                    },
                    {
                      "role": "tool",
                      "content": "",
                      "tool_results": [
                        {
                          "result": "[{\"attributes\":{},\"file_id\":\"file-k\",\"filename\":\"kites.md\",\"score\":0.5,\"text\":\"Kites are big.\"}]",
                          "tool_id": "fs_1",
                          "type": "file_search_call"
                        }
                      ]
                    },
                    {
                      "role": "assistant",
                      "content": "",
                      "tool_calls": [
                        {
                          "name": "code_interpreter",
                          "arguments": {
                            "code": "print(2)",
                            "container_id": "cntr_1"
                          },
                          "tool_id": "ci_1",
                          "type": "code_interpreter_call"
                        }
                      ]
                    },
                    {
                      "role": "tool",
                      "content": "",
                      "tool_results": [
                        {
                          "result": "[{\"type\":\"logs\",\"logs\":\"2\\n\"}]",
                          "tool_id": "ci_1",
                          "type": "code_interpreter_call"
                        }
                      ]
                    },
                    {
                      "role": "assistant",
                      "content": "Two kites."
                    }
                  ]
                }
              },
              "metrics": {
                "cache_read_input_tokens": 128,
                "input_tokens": 500,
                "output_tokens": 60,
                "reasoning_output_tokens": 30,
                "total_tokens": 560
              }
            }
        "#]],
    );
}

#[test]
fn a_streamed_response_is_read_like_a_whole_one() {
    let whole = ask_respond(&Exchange::of_fixture("openai/openai_responses_search_and_code"));
    let mut streamed =
        ask_respond_stream(&Exchange::of_fixture("openai/openai_responses_search_and_code_stream"));
    streamed["name"] = whole["name"].clone();
    let stream_only = [
        streamed["meta"]["metadata"].as_object_mut().unwrap().remove("stream"),
        streamed["metrics"].as_object_mut().unwrap().remove("time_to_first_token"),
    ];
    assert_eq!(stream_only, [Some(json!(true)), Some(json!("<seconds>"))]);
    assert_eq!(streamed, whole);
}

#[test]
fn a_streamed_response_that_fails_is_an_error() {
    let event = ask_respond_stream(&Exchange::of_fixture("openai/openai_responses_failed_stream"));
    check(
        &event,
        &expect![[r#"
            {
              "name": "respond_stream",
              "status": "error",
              "meta": {
                "span": {
                  "kind": "llm"
                },
                "metadata": {
                  "finish_reason": "failed",
                  "response_id": "resp_f1",
                  "service_tier": "default",
                  "stream": true
                },
                "model_name": "gpt-5-2025-08-07",
                "model_provider": "openai",
                "error": {
                  "type": "server_error",
                  "message": "The model failed.",
                  "stack": "<stack>"
                },
                "input": {
                  "messages": [
                    {
                      "role": "user",
                      "content": "Try."
                    }
                  ]
                },
                "output": {
                  "messages": [
                    {
                      "role": "assistant",
                      "content": "I tr"
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
fn embeddings_are_counted() {
    let request =
        json!({ "model": "text-embedding-3-small", "input": ["one", "two"], "dimensions": 3, "user": "u" });
    let vector = |index: u32| json!({ "object": "embedding", "index": index, "embedding": [0.1, -0.2, 0.3] });
    let answer = json!({
        "object": "list",
        "model": "text-embedding-3-small",
        "data": [vector(0), vector(1)],
        "usage": { "prompt_tokens": 4, "total_tokens": 4 },
    });
    let exchange = Exchange::new(request, answer);
    let client = client(&exchange.serve());
    check(
        &span(embed(&client, exchange.request())),
        &expect![[r#"
            {
              "name": "embed",
              "status": "ok",
              "meta": {
                "span": {
                  "kind": "embedding"
                },
                "metadata": {
                  "dimensions": 3,
                  "user": "u"
                },
                "model_name": "text-embedding-3-small",
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

#[llmobs::llm(name = "call", inputs(request))]
async fn json(request: Value, answer: Value) -> Value {
    drop(request);
    answer
}

#[llmobs::llm(name = "call", inputs(request))]
fn json_stream(request: Value, events: String) -> impl Stream<Item = Value> {
    drop(request);
    let data = events.lines().filter_map(|line| line.strip_prefix("data: "));
    stream::iter(data.filter_map(|json| serde_json::from_str(json).ok()).collect::<Vec<Value>>())
}

/// The types of the client give the same span as the JSON from which they are deserialized.
#[test]
fn types_are_read_like_json() {
    for name in [
        "chat_audio_answer",
        "chat_audio_answer_stream",
        "chat_legacy_function_stream",
        "responses_cut_stream",
        "responses_error_event_stream",
        "responses_failed",
        "responses_image_generation",
        "responses_image_generation_stream",
        "responses_mcp_approval",
    ] {
        let exchange = Exchange::of_fixture(&format!("openai/openai_{name}"));
        let mut by_client = match (name.starts_with("chat"), name.ends_with("stream")) {
            (true, false) => ask_chat(&exchange),
            (true, true) => ask_chat_stream(&exchange),
            (false, false) => ask_respond(&exchange),
            (false, true) => ask_respond_stream(&exchange),
        };
        by_client["name"] = json!("call");
        let by_json = match exchange.answer() {
            Value::String(events) => span(async { json_stream(exchange.request(), events).count().await }),
            answer => span(json(exchange.request(), answer)),
        };
        assert_eq!(by_client, by_json, "{name}");
    }
}

static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.target() == "llmobs" {
            LOGGED.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

#[llmobs::llm(skip(client))]
async fn without_the_option(
    client: &OpenAi,
    request: CreateChatCompletionRequest,
) -> Result<ChatCompletionResponseStream, OpenAIError> {
    client.chat().create_stream(request).await
}

#[test]
fn a_stream_behind_a_type_alias_needs_the_option_stream() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let exchange = Exchange::of_fixture("openai/openai_chat_error_in_stream");
    let client = client(&exchange.serve());
    span(async { without_the_option(&client, exchange.request()).await.unwrap().count().await });
    let logged = LOGGED.lock().unwrap().join("\n");
    expect!["WARN the span of a function ended before the stream that it returned has run, because its signature does not show one: give the attribute the option `stream`, or `skip_output` if this is intended; the type is core::pin::Pin<alloc::boxed::Box<dyn futures_core::stream::Stream<Item = core::result::Result<async_openai::types::chat::chat_::CreateChatCompletionStreamResponse, async_openai::error::OpenAIError>> + core::marker::Send>>"].assert_eq(&logged);
}
