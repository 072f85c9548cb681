//! Variants of answers and of their events.

use llmobs_providers::{Protocol, ResponseReader};
use serde_json::{Value, json};

fn finish(reader: ResponseReader) -> Value {
    let mut read = serde_json::to_value(reader.finish()).unwrap();
    read.as_object_mut().unwrap().remove("protocol");
    read
}

/// The data of a whole answer, without its protocol.
fn whole(protocol: Protocol, body: &Value) -> Value {
    let mut reader = ResponseReader::new().protocol(protocol);
    reader.push(body.to_string().as_bytes());
    finish(reader)
}

/// The data of the events of a stream.
fn stream(protocol: Protocol, events: &[Value]) -> Value {
    let mut reader = ResponseReader::new().protocol(protocol);
    for event in events {
        reader.push(format!("data: {event}\n\n").as_bytes());
    }
    finish(reader)
}

fn assistant(content: &str) -> Value {
    json!({ "role": "assistant", "content": content })
}

fn thought(content: &str) -> Value {
    json!({ "role": "reasoning", "content": content })
}

#[test]
fn errors_in_many_formats_are_read() {
    let cases = [
        (json!({ "error": { "detail": "Gone", "code": 42 } }), json!({ "message": "Gone", "code": "42" })),
        (
            json!({ "error": { "message": "Slow", "code": "429" } }),
            json!({ "message": "Slow", "code": "429", "status": 429 }),
        ),
        (json!({ "object": "error", "message": "Bad", "hint": "x" }), json!({ "message": "Bad" })),
        (json!({ "error": "Gone", "code": "c" }), json!({ "message": "Gone", "code": "c" })),
    ];
    for (body, error) in cases {
        assert_eq!(whole(Protocol::OpenAiChat, &body), json!({ "error": error }), "{body}");
    }
    // In a body with other fields, only the name of the event, or the protocol, shows that it is an error.
    let body = json!({ "id": "e1", "message": "Bad key" });
    let mut reader = ResponseReader::new();
    reader.push(format!("event: error\ndata: {body}\n\n").as_bytes());
    assert_eq!(finish(reader), json!({ "error": { "message": "Bad key" } }));
    assert_eq!(whole(Protocol::CohereChat, &body), json!({ "id": "e1", "error": { "message": "Bad key" } }));
    assert_eq!(whole(Protocol::OpenAiChat, &body), json!({ "id": "e1" }));
}

/// Errors with a status of 200, of servers and of gateways.
#[test]
fn errors_of_many_providers_are_recognized() {
    let slow = |more: Value| {
        let mut error = json!({ "message": "Slow" });
        error.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        error
    };
    let cases = [
        // Databricks, Baidu, SageMaker.
        (
            json!({ "error_code": "REQUEST_LIMIT_EXCEEDED", "message": "Slow", "details": [{ "@type": "x" }] }),
            slow(json!({ "code": "REQUEST_LIMIT_EXCEEDED" })),
        ),
        (json!({ "error_code": 17, "error_msg": "Slow", "id": "as-1" }), slow(json!({ "code": "17" }))),
        (
            json!({ "ErrorCode": "MODEL_ERROR", "Message": "Slow", "OriginalStatusCode": 500, "LogStreamArn": "arn" }),
            slow(json!({ "code": "MODEL_ERROR", "status": 500 })),
        ),
        // DashScope, SiliconFlow, Zhipu, Azure's gateway, Kong.
        (
            json!({ "code": "Throttling", "message": "Slow", "request_id": "r" }),
            slow(json!({ "code": "Throttling" })),
        ),
        (json!({ "code": 20012, "message": "Slow", "data": null }), slow(json!({ "code": "20012" }))),
        (
            json!({ "code": 500, "msg": "Slow", "success": false }),
            slow(json!({ "code": "500", "status": 500 })),
        ),
        (json!({ "statusCode": 401, "message": "Slow" }), slow(json!({ "status": 401 }))),
        (json!({ "message": "Slow", "request_id": "r" }), slow(json!({}))),
        // Cloudflare, watsonx, Apigee, MiniMax.
        (
            json!({ "success": false, "errors": [{ "code": 7003, "message": "Slow" }], "messages": [], "result": null }),
            slow(json!({ "code": "7003" })),
        ),
        (
            json!({ "errors": [{ "code": "no", "message": "Slow" }], "trace": "t", "status_code": 404 }),
            slow(json!({ "code": "no", "status": 404 })),
        ),
        (json!({ "fault": { "faultstring": "Slow", "detail": { "errorcode": "x" } } }), slow(json!({}))),
        (
            json!({ "choices": null, "base_resp": { "status_code": 1004, "status_msg": "Slow" } }),
            slow(json!({ "code": "1004" })),
        ),
        // Hugging Face, OAuth, xAI, Spring.
        (json!({ "error": "Slow", "estimated_time": 20.5 }), slow(json!({}))),
        (json!({ "error": "Slow", "error_type": "overloaded" }), slow(json!({ "type": "overloaded" }))),
        (json!({ "error": ["Slow", "Full"] }), json!({ "message": "Slow\nFull" })),
        (
            json!({ "error": "invalid_client", "error_description": "Slow" }),
            slow(json!({ "type": "invalid_client" })),
        ),
        (
            json!({ "timestamp": 1, "status": 503, "error": "Unavailable", "message": "Slow", "path": "/" }),
            slow(json!({ "type": "Unavailable", "status": 503 })),
        ),
        // FastAPI, Replicate, NVIDIA, AWS, Azure's content filter.
        (json!({ "detail": "Slow" }), slow(json!({}))),
        (
            json!({ "detail": [{ "loc": ["body"], "msg": "Slow", "type": "missing" }] }),
            slow(json!({ "type": "missing" })),
        ),
        (json!({ "detail": { "error": { "message": "Slow" } } }), slow(json!({}))),
        (
            json!({ "type": "about:blank", "title": "Busy", "detail": "Slow", "status": 422 }),
            slow(json!({ "type": "Busy", "status": 422 })),
        ),
        (
            json!({ "__type": "com.amazon#Throttled", "Message": "Slow" }),
            slow(json!({ "type": "Throttled" })),
        ),
        (
            json!({ "error": { "code": "content_filter", "message": "Slow", "status": 400, "innererror": { "code": "x" } } }),
            slow(json!({ "code": "content_filter", "status": 400 })),
        ),
    ];
    for (body, error) in cases {
        let expected = json!({ "error": error });
        for protocol in [Protocol::OpenAiChat, Protocol::AnthropicMessages, Protocol::GeminiGenerate] {
            let mut found = whole(protocol, &body);
            // The id is that of the answer.
            found.as_object_mut().unwrap().remove("id");
            assert_eq!(found, expected, "{protocol} {body}");
            let mut found = stream(protocol, std::slice::from_ref(&body));
            found.as_object_mut().unwrap().remove("id");
            assert_eq!(found, expected, "{protocol} {body}");
        }
    }
    // Vertex AI has them in a list.
    let body = json!([{ "error": { "code": 429, "message": "Slow", "status": "RESOURCE_EXHAUSTED" } }]);
    let error = slow(json!({ "type": "RESOURCE_EXHAUSTED", "code": "429", "status": 429 }));
    assert_eq!(whole(Protocol::GeminiGenerate, &body), json!({ "error": error }));
}

#[test]
fn fields_next_to_a_response_are_not_an_error() {
    for other in [
        json!({ "message": "ok", "code": 0 }),
        json!({ "error_code": 0, "error_msg": "" }),
        json!({ "errors": [], "success": true, "messages": [] }),
        json!({ "base_resp": { "status_code": 0, "status_msg": "success" } }),
        json!({ "error": null, "detail": null, "status": "success" }),
        json!({ "error": {}, "errorCode": "NONE", "message": "done" }),
    ] {
        let mut body = json!({ "choices": [{ "message": { "role": "assistant", "content": "Hi" } }] });
        body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        assert_eq!(whole(Protocol::OpenAiChat, &body), json!({ "messages": [assistant("Hi")] }), "{body}");
        assert_eq!(stream(Protocol::OpenAiChat, &[body, other]), json!({ "messages": [assistant("Hi")] }));
    }
}

#[test]
fn chat_variants_are_read() {
    // Perplexity.
    let message = json!({ "role": "assistant", "content": "Rain" });
    let choice = json!({ "index": 0, "message": message, "delta": { "role": "assistant", "content": "" } });
    let body = json!({ "object": "chat.completion", "choices": [choice] });
    assert_eq!(whole(Protocol::OpenAiChat, &body), json!({ "messages": [assistant("Rain")] }));
    let event = json!({ "index": 0, "delta": { "content": "Ra" }, "message": { "content": "It is Ra" } });
    let body = json!({ "object": "chat.completion.chunk", "choices": [event] });
    assert_eq!(stream(Protocol::OpenAiChat, &[body]), json!({ "messages": [assistant("Ra")] }));
    // OpenRouter, Groq, DeepSeek, and older versions of Azure.
    let body = json!({
        "choices": [{ "message": { "content": "Hal" }, "error": { "message": "Cut", "code": 502 } }],
        "x_groq": { "usage": { "prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "completion_tokens": 1 } },
    });
    assert_eq!(
        whole(Protocol::OpenAiChat, &body),
        json!({
            "messages": [assistant("Hal")],
            "usage": { "input": 9, "cache_read": 4, "output": 1 },
            "error": { "message": "Cut", "code": "502", "status": 502 },
        })
    );
    let body = json!({ "choices": [{ "message": { "content": "Hi" }, "finish_details": { "type": "max_tokens" } }] });
    assert_eq!(
        whole(Protocol::OpenAiChat, &body),
        json!({ "messages": [assistant("Hi")], "finish_reasons": ["max_tokens"] })
    );
}

/// Streams without an event that has whole items.
#[test]
fn responses_that_break_off_are_read() {
    let added = |index: u64, kind: &str| json!({ "type": "response.output_item.added", "output_index": index, "item": { "type": kind, "role": "assistant" } });
    let text = |index: u64, text: &str| json!({ "type": "response.output_text.delta", "output_index": index, "content_index": 0, "delta": text });
    let summary = |index: u64, text: &str| json!({ "type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": index, "delta": text });
    let events = [
        summary(1, "Then"),
        summary(0, "First"),
        added(1, "message"),
        text(1, "One"),
        json!({ "type": "response.output_text.annotation.added", "output_index": 1, "annotation": { "url": "u" } }),
        added(2, "message"),
        text(2, "Two"),
    ];
    assert_eq!(
        stream(Protocol::OpenAiResponses, &events),
        json!({
            "messages": [thought("First\n\nThen"), assistant("One"), assistant("Two")],
            "citations": [{ "url": "u" }],
        })
    );
    // The type may be only the name of the event.
    let mut reader = ResponseReader::new();
    reader.push(b"event: response.output_text.delta\ndata: {\"output_index\":0,\"delta\":\"Hi\"}\n\n");
    assert_eq!(finish(reader), json!({ "messages": [assistant("Hi")] }));
}

#[test]
fn anthropic_variants_are_read() {
    let signature = json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "signature_delta", "signature": "x" } });
    assert_eq!(
        stream(Protocol::AnthropicMessages, &[signature]),
        json!({ "messages": [thought("[thinking]")] })
    );
}

#[test]
fn gemini_variants_are_read() {
    let image = json!({ "mimeType": "image/png", "data": "AAAA" });
    let call = json!({ "id": "c", "name": "f" });
    let piece = json!({ "id": "c", "partialArgs": [{ "jsonPath": "$.x", "numberValue": 1 }] });
    let candidate = |parts: Value| json!({ "candidates": [{ "content": { "role": "model", "parts": parts }, "safetyRatings": ["low"] }] });
    let events = [
        candidate(json!([{ "thought": true, "inlineData": image }])),
        candidate(json!([{ "functionCall": call }])),
        candidate(json!([{ "functionCall": piece }, { "thoughtSignature": "x" }])),
    ];
    let calls = json!([{ "name": "f", "arguments": { "x": 1 }, "tool_id": "c", "type": "function_call" }]);
    assert_eq!(
        stream(Protocol::GeminiGenerate, &events),
        json!({ "messages": [
            thought("[image: image/png, 3 bytes]"),
            { "role": "assistant", "content": "", "tool_calls": calls },
        ] })
    );
    let blocked = |reason: &str| json!({ "promptFeedback": { "blockReason": reason } });
    assert_eq!(
        stream(Protocol::GeminiGenerate, &[blocked("SAFETY"), blocked("OTHER")])["finish_reasons"],
        json!(["SAFETY"])
    );
    let video = json!({ "embedding": [1, 2], "startOffsetSec": 0 });
    let body = json!({ "predictions": [{ "textEmbedding": [1, 2], "videoEmbeddings": [video, video] }] });
    assert_eq!(whole(Protocol::GeminiEmbed, &body), json!({ "vectors": { "count": 3, "size": 2 } }));
}

#[test]
fn interactions_variants_are_read() {
    let body = json!({ "object": "interaction", "status": "failed" });
    assert_eq!(
        whole(Protocol::GeminiInteractions, &body),
        json!({ "finish_reasons": ["failed"], "error": { "type": "failed", "message": "" } })
    );
    let body = json!({ "object": "interaction", "outputs": [{ "type": "text", "text": "Hi" }] });
    assert_eq!(whole(Protocol::GeminiInteractions, &body), json!({ "messages": [assistant("Hi")] }));
    let usage = json!({ "event_type": "interaction.status_update", "metadata": { "total_usage": { "total_tokens": 3 } } });
    assert_eq!(stream(Protocol::GeminiInteractions, &[usage]), json!({ "usage": { "total": 3 } }));
}

#[test]
fn cohere_variants_are_read() {
    let body = json!({ "embeddings": { "binary": [[1]], "float": [[1, 2, 3, 4, 5, 6, 7, 8]] }, "meta": { "warnings": ["old"] } });
    assert_eq!(
        whole(Protocol::CohereEmbed, &body),
        json!({ "vectors": { "count": 1, "size": 8 }, "facts": { "warnings": ["old"] } })
    );
    // Voyage.
    let body = json!({ "model": "rerank-x", "data": [{ "index": 1, "relevance_score": 0.5 }] });
    assert_eq!(
        whole(Protocol::CohereRerank, &body),
        json!({ "model": "rerank-x", "documents": [{ "text": "", "id": "1", "score": 0.5 }] })
    );
}

#[test]
fn bedrock_variants_are_read() {
    let routed = json!({ "metadata": { "usage": { "inputTokens": 1 }, "trace": { "promptRouter": { "invokedModelId": "m" } } } });
    let found = stream(Protocol::BedrockConverse, &[routed]);
    assert_eq!((&found["model"], &found["usage"]), (&json!("m"), &json!({ "uncached": 1 })));

    let body =
        json!({ "outputs": [{ "text": "Hi", "stop_reason": "stop" }], "usage": { "prompt_tokens": 2 } });
    assert_eq!(
        whole(Protocol::BedrockInvoke, &body),
        json!({ "messages": [assistant("Hi")], "finish_reasons": ["stop"], "usage": { "input": 2 } })
    );

    let request = json!({ "apiPath": "/orders", "parameters": [{ "name": "id", "value": "7" }],
        "requestBody": { "content": { "application/json": { "properties": [{ "name": "count", "value": 2 }] } } } });
    let body = json!({ "invocationId": "i", "invocationInputs": [{ "apiInvocationInput": request }] });
    let mut reader = ResponseReader::new();
    reader.push(format!("event: returnControl\ndata: {body}\n\n").as_bytes());
    let calls = json!([{ "name": "/orders", "arguments": { "id": "7", "count": 2 }, "tool_id": "i", "type": "returnControl" }]);
    assert_eq!(
        finish(reader),
        json!({ "messages": [{ "role": "assistant", "content": "", "tool_calls": calls }] })
    );
}

/// The last item of a stream repeats the previous ones.
#[test]
fn rig_variants_are_read() {
    let text = json!({ "event": "text", "part": 0, "text": "Hi" });
    let response = json!({ "choice": [{ "type": "text", "text": "Hi" }], "origin": { "api": "x" } });
    assert_eq!(stream(Protocol::Rig, &[text, response]), json!({ "messages": [assistant("Hi")] }));
}

/// The data of an exception takes precedence over the name of its frame.
#[test]
fn exceptions_have_names() {
    let cases = [
        (r#"{"message":"slow"}"#, json!({ "message": "slow", "type": "throttlingException" })),
        (r#"{"message":"slow","__type":"a#Throttled"}"#, json!({ "message": "slow", "type": "Throttled" })),
    ];
    for (payload, error) in cases {
        let frame = json!({ ":message-type": "exception", ":exception-type": "throttlingException", "payload": payload });
        let mut reader = ResponseReader::new().protocol(Protocol::BedrockConverse);
        reader.push(&crate::support::frame(&frame));
        assert_eq!(finish(reader), json!({ "error": error }));
    }
}

#[test]
fn tokens_of_all_kinds_are_counted() {
    let cases = [
        (
            Protocol::OpenAiChat,
            json!({ "object": "chat.completion.chunk", "choices": [], "usage": {
                "prompt_tokens": 90, "completion_tokens": 60, "total_tokens": 150,
                "prompt_tokens_details": { "image_tokens": 50, "video_tokens": 30, "text_tokens": 10 },
                "completion_tokens_details": {
                    "accepted_prediction_tokens": 20, "rejected_prediction_tokens": 7, "image_tokens": 5,
                },
            } }),
            json!({
                "input": 90, "output": 60, "total": 150, "input_image": 50, "input_video": 30, "output_image": 5,
                "accepted_prediction": 20, "rejected_prediction": 7,
            }),
        ),
        (
            Protocol::OpenAiResponses,
            json!({ "type": "response.completed", "response": { "object": "response", "usage": {
                "input_tokens": 90, "output_tokens": 60, "input_tokens_details": { "image_tokens": 50 },
                "output_tokens_details": { "image_tokens": 5, "accepted_prediction_tokens": 0 },
            } } }),
            json!({ "input": 90, "output": 60, "input_image": 50, "output_image": 5 }),
        ),
        (
            Protocol::GeminiGenerate,
            json!({ "usageMetadata": {
                "promptTokenCount": 90, "toolUsePromptTokenCount": 8, "candidatesTokenCount": 60,
                "promptTokensDetails": [
                    { "modality": "TEXT", "tokenCount": 10 }, { "modality": "IMAGE", "tokenCount": 20 },
                    { "modality": "VIDEO", "tokenCount": 30 }, { "modality": "AUDIO", "tokenCount": 25 },
                    { "modality": "DOCUMENT", "tokenCount": 5 },
                ],
                "candidatesTokensDetails": [{ "modality": "IMAGE", "tokenCount": 60 }],
            } }),
            json!({
                "input": 90, "tool_input": 8, "visible_output": 60, "input_image": 20, "input_video": 30,
                "input_audio": 25, "input_document": 5, "output_image": 60,
            }),
        ),
        (
            Protocol::GeminiInteractions,
            json!({ "event_type": "interaction.completed", "interaction": { "usage": {
                "total_input_tokens": 90, "input_tokens_by_modality": [
                    { "modality": "text", "tokens": 70 }, { "modality": "image", "tokens": 20 },
                ],
            } } }),
            json!({ "input": 90, "input_image": 20 }),
        ),
        (
            Protocol::BedrockInvoke,
            json!({ "generation": "", "amazon-bedrock-invocationMetrics": {
                "inputTokenCount": 9, "outputTokenCount": 6, "cacheReadInputTokenCount": 50,
                "cacheWriteInputTokenCount": 0,
            } }),
            json!({ "uncached": 9, "output": 6, "cache_read": 50, "cache_write": 0 }),
        ),
    ];
    for (protocol, event, usage) in cases {
        assert_eq!(stream(protocol, std::slice::from_ref(&event)), json!({ "usage": usage }), "{protocol}");
        if event.get("type").is_none() && event.get("event_type").is_none() {
            assert_eq!(whole(protocol, &event), json!({ "usage": usage }), "{protocol}");
        }
    }
}

/// Tokens of intermediate summaries are counted separately from the response.
#[test]
fn all_steps_of_anthropic_are_counted() {
    let step = |kind: &str, input: u64, output: u64| json!({ "type": kind, "input_tokens": input, "output_tokens": output, "cache_read_input_tokens": 7 });
    let iterations = json!([
        step("compaction", 180_000, 3_500),
        step("message", 23_000, 1_000),
        step("advisor_message", 50, 5)
    ]);
    let counts = json!({ "input_tokens": 23_000, "output_tokens": 1_000, "iterations": iterations,
        "server_tool_use": { "web_search_requests": 2 } });
    let expected = json!({
        "messages": [assistant("")], "finish_reasons": ["end_turn"],
        "usage": { "uncached": 203_000, "output": 4_500 },
        "facts": { "iterations": iterations, "server_tool_use": { "web_search_requests": 2 } },
    });
    let body = json!({ "type": "message", "content": [], "stop_reason": "end_turn", "usage": counts });
    assert_eq!(whole(Protocol::AnthropicMessages, &body), expected);
    let delta = json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": counts });
    let start =
        json!({ "type": "message_start", "message": { "usage": { "input_tokens": 9, "output_tokens": 1 } } });
    // The counts of a repeated event are added once.
    assert_eq!(stream(Protocol::AnthropicMessages, &[start, delta.clone(), delta]), expected);
    // The counts of a plain response are not facts.
    let counts = json!({ "input_tokens": 5, "output_tokens": 6, "iterations": [step("message", 5, 6)] });
    let body = json!({ "type": "message", "content": [], "stop_reason": "end_turn", "usage": counts });
    assert_eq!(
        whole(Protocol::AnthropicMessages, &body),
        json!({ "messages": [assistant("")], "finish_reasons": ["end_turn"], "usage": { "uncached": 5, "output": 6 } })
    );
}

/// Deltas of audio and of its transcript.
#[test]
fn transcripts_of_audio_are_read() {
    let names = [
        ("response.audio.transcript.delta", "response.audio.delta"),
        ("response.output_audio_transcript.delta", "response.output_audio.delta"),
        ("response.audio_transcript.delta", "response.audio.delta"),
    ];
    let part = json!({ "type": "output_audio", "transcript": "It rains.", "data": "AAAAAAAA" });
    let item = json!({ "type": "message", "role": "assistant", "content": [part] });
    let expected = json!({ "messages": [assistant("It rains.\n[audio: 6 bytes]")] });
    assert_eq!(
        whole(Protocol::OpenAiResponses, &json!({ "object": "response", "output": [item] })),
        expected
    );
    for (transcript, audio) in names {
        let mut events = vec![
            json!({ "type": audio, "delta": "AAAA" }),
            json!({ "type": transcript, "delta": "It " }),
            json!({ "type": audio, "delta": "AAAA" }),
            json!({ "type": transcript, "delta": "rains." }),
        ];
        assert_eq!(stream(Protocol::OpenAiResponses, &events), expected, "{transcript}");
        events.push(json!({ "type": "response.output_item.done", "output_index": 0, "item": item }));
        assert_eq!(stream(Protocol::OpenAiResponses, &events), expected, "{transcript}");
    }
}

#[test]
fn unknown_pieces_are_named() {
    let responses = |kind: &str, delta: Value| json!({ "type": kind, "output_index": 0, "content_index": 0, "delta": delta });
    let anthropic = |delta: Value| json!({ "type": "content_block_delta", "index": 0, "delta": delta });
    let bedrock = |delta: Value| json!({ "contentBlockDelta": { "contentBlockIndex": 0, "delta": delta } });
    let cases = [
        (
            Protocol::OpenAiResponses,
            vec![
                responses("response.output_text.delta", "Hi".into()),
                responses("response.smell.delta", "x".into()),
                responses("response.smell.delta", json!({ "x": 1 })),
            ],
            "Hi\n[smell]",
        ),
        (
            Protocol::AnthropicMessages,
            vec![
                anthropic(json!({ "type": "text_delta", "text": "Hi" })),
                anthropic(json!({ "type": "citations_delta" })),
                anthropic(json!({ "type": "smell_delta", "smell": "x" })),
                anthropic(json!({ "type": "smell_delta", "smell": "y" })),
            ],
            "Hi\n[smell_delta]",
        ),
        (
            Protocol::BedrockConverse,
            vec![
                bedrock(json!({ "text": "Hi" })),
                bedrock(json!({ "citation": {} })),
                bedrock(json!({ "smell": "x" })),
                bedrock(json!({ "smell": "y" })),
            ],
            "Hi\n[smell]",
        ),
        // The start of the block already has the type.
        (
            Protocol::AnthropicMessages,
            vec![
                json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "smell" } }),
                anthropic(json!({ "type": "smell_delta", "smell": "x" })),
            ],
            "[smell]",
        ),
    ];
    for (protocol, events, content) in cases {
        let found = stream(protocol, &events);
        assert_eq!(found["messages"], json!([assistant(content)]), "{protocol}");
    }
}

#[test]
fn commands_that_break_off_keep_their_output() {
    let printed = |name: &str, text: &str| json!({ "type": "response.shell_call_output_content.delta", "output_index": 0, "delta": { name: text } });
    let results = json!([{ "result": "12\nfull", "type": "shell_call_output" }]);
    assert_eq!(
        stream(
            Protocol::OpenAiResponses,
            &[printed("stdout", "1"), printed("stdout", "2\n"), printed("stderr", "full")]
        ),
        json!({ "messages": [{ "role": "tool", "content": "", "tool_results": results }] })
    );
}

#[test]
fn tools_of_groq_are_calls_and_results() {
    let search = json!({ "index": 0, "type": "search", "arguments": "{\"query\":\"rain\"}" });
    let with = |fields: Value| {
        let mut tool = search.clone();
        tool.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        tool
    };
    let found = with(json!({ "output": "Wet", "search_results": { "results": [{ "title": "Rain" }] } }));
    let listed = with(json!({ "output": null, "search_results": { "results": [{ "title": "Rain" }] } }));
    let code = json!({ "index": 1, "type": "function", "name": "python", "arguments": "{\"code\":\"1\"}",
        "code_results": [{ "text": "1" }, { "png": "AAAA" }] });
    let expected = |result: &str| {
        let calls = json!([
            { "name": "search", "arguments": { "query": "rain" }, "type": "search" },
        ]);
        let code = json!([{ "name": "python", "arguments": { "code": "1" }, "type": "function" }]);
        let tool = |result: Value| json!({ "role": "tool", "content": "", "tool_results": [result] });
        json!({ "messages": [
            thought("Look."),
            { "role": "assistant", "content": "", "tool_calls": calls },
            tool(json!({ "result": result, "name": "search", "type": "search" })),
            { "role": "assistant", "content": "", "tool_calls": code },
            tool(json!({ "result": "1\n[image: image/png, 3 bytes]", "name": "python", "type": "function" })),
            assistant("It rains."),
        ] })
    };
    for (tool, result) in [(&found, "Wet"), (&listed, "[{\"title\":\"Rain\"}]")] {
        let message = json!({ "role": "assistant", "reasoning": "Look.", "content": "It rains.", "executed_tools": [tool, code] });
        let body = json!({ "choices": [{ "message": message }] });
        assert_eq!(whole(Protocol::OpenAiChat, &body), expected(result));
        let delta = |delta: Value| json!({ "choices": [{ "index": 0, "delta": delta }] });
        let events = [
            delta(json!({ "reasoning": "Look." })),
            delta(json!({ "executed_tools": [search] })),
            delta(json!({ "executed_tools": [tool] })),
            delta(json!({ "content": "It " })),
            delta(json!({ "executed_tools": [code] })),
            delta(json!({ "content": "rains." })),
        ];
        assert_eq!(stream(Protocol::OpenAiChat, &events), expected(result));
    }
}

#[test]
fn images_and_calls_of_ollama_are_read() {
    let part = |fields: Value| {
        let mut body = json!({ "model": "m", "response": "", "done": false });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let image = part(json!({ "done": true, "done_reason": "stop", "image": "AAAA" }));
    let shown =
        json!({ "model": "m", "messages": [assistant("[image: 3 bytes]")], "finish_reasons": ["stop"] });
    assert_eq!(whole(Protocol::OllamaGenerate, &image), shown);
    let progress = [
        part(json!({ "completed": 1, "total": 9 })),
        part(json!({ "completed": 9, "total": 9 })),
        image.clone(),
    ];
    let mut reader = ResponseReader::new();
    for line in progress {
        reader.push(format!("{line}\n").as_bytes());
    }
    assert_eq!(finish(reader), shown);
    let mut without_response = image;
    without_response.as_object_mut().unwrap().remove("response");
    let mut reader = ResponseReader::new();
    reader.push(without_response.to_string().as_bytes());
    assert_eq!(finish(reader), shown);
    let call = json!({ "function": { "name": "f", "arguments": { "x": 1 } } });
    let calls = json!([{ "name": "f", "arguments": { "x": 1 }, "type": "function" }]);
    assert_eq!(
        whole(Protocol::OllamaGenerate, &part(json!({ "done": true, "tool_calls": [call] }))),
        json!({ "model": "m", "messages": [{ "role": "assistant", "content": "", "tool_calls": calls }] })
    );
}

/// The start of a tool result notes that the tool failed.
#[test]
fn results_in_responses_are_marked_as_failed() {
    let result = |result: &str, id: &str, kind: &str| {
        json!({ "messages": [
        { "role": "tool", "content": "", "tool_results": [{ "result": result, "tool_id": id, "type": kind }] },
    ] })
    };
    let start = json!({ "contentBlockStart": { "contentBlockIndex": 0, "start": { "toolResult": { "toolUseId": "t", "status": "error" } } } });
    let delta = |text: &str| json!({ "contentBlockDelta": { "contentBlockIndex": 0, "delta": { "toolResult": [{ "text": text }] } } });
    assert_eq!(
        stream(Protocol::BedrockConverse, &[start, delta("no "), delta("tape")]),
        result("[error]\nno tape", "t", "toolResult")
    );
    let block = json!({ "type": "mcp_tool_result", "tool_use_id": "t", "is_error": true, "content": "" });
    let started = json!({ "type": "content_block_start", "index": 0, "content_block": block });
    assert_eq!(stream(Protocol::AnthropicMessages, &[started]), result("[error]", "t", "mcp_tool_result"));
    let step = json!({ "type": "function_result", "call_id": "t", "is_error": true, "result": "no tape" });
    assert_eq!(
        whole(Protocol::GeminiInteractions, &json!({ "object": "interaction", "steps": [step] })),
        result("[error]\nno tape", "t", "function_result")
    );
    let item = json!({ "type": "file_search_call", "id": "t", "status": "failed", "queries": ["tape"] });
    let found = whole(Protocol::OpenAiResponses, &json!({ "object": "response", "output": [item] }));
    assert_eq!(found["messages"][1], result("[error]", "t", "file_search_call")["messages"][0]);
}
