//! Calls of providers whose protocols the local provider does not implement.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test panics if it cannot continue")]

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use llmobs_http::ClientLayer;
use llmobs_runtime::FutureSpanExt as _;
use llmobs_runtime::testing::Collector;
use tower::{ServiceBuilder, ServiceExt as _};

/// The tree of a call, and the tokens of its span.
async fn call(url: &str, body: &'static str, kind: &'static str, answer: &'static str) -> (String, [u64; 2]) {
    let collector = Collector::new();
    let server = tower::service_fn(move |request: Request<_>| async move {
        let body: llmobs_http::service::RequestBody<Full<Bytes>> = request.into_body();
        body.collect().await.unwrap();
        Ok::<_, &str>(
            Response::builder().header("content-type", kind).body(Full::new(Bytes::from(answer))).unwrap(),
        )
    });
    let client = ServiceBuilder::new().layer(ClientLayer::new()).service(server);
    let request = Request::post(url).body(Full::new(Bytes::from(body))).unwrap();
    let answered = client.oneshot(request).in_context(collector.context()).await.unwrap();
    assert_eq!(answered.into_body().collect().await.unwrap().to_bytes(), answer);
    let events = collector.events();
    assert!(!events[0].to_string().contains("SECRET"));
    let tokens = ["input_tokens", "output_tokens"].map(|name| events[0]["metrics"][name].as_u64().unwrap());
    (format!("{} {}", events[0]["meta"]["model_provider"].as_str().unwrap(), collector.tree()), tokens)
}

#[tokio::test]
async fn gemini_streams_with_the_key_in_the_url() {
    let url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=SECRET";
    let answer = "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hel\"}]}}],\"usageMetadata\":{\"promptTokenCount\":2,\"candidatesTokenCount\":1}}\r\n\r\n\
        data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"lo\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":2,\"candidatesTokenCount\":2}}\r\n\r\n";
    let seen =
        call(url, r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#, "text/event-stream", answer)
            .await;
    assert_eq!(
        seen,
        ("google llm google_genai.request  in user: Hi  out assistant: Hello\n".to_owned(), [2, 2])
    );
}

#[tokio::test]
async fn ollama_streams_lines() {
    let answer = "{\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":\"Hel\"},\"done\":false}\n\
        {\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":\"lo\"},\"done\":false}\n\
        {\"model\":\"llama3\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":2}\n";
    let body = r#"{"model":"llama3","messages":[{"role":"user","content":"Hi"}]}"#;
    let seen = call("http://localhost:11434/api/chat", body, "application/x-ndjson", answer).await;
    assert_eq!(seen, ("ollama llm ollama.request  in user: Hi  out assistant: Hello\n".to_owned(), [3, 2]));
}

#[tokio::test]
async fn azure_names_the_deployment_in_the_path() {
    let url =
        "https://acme.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    let answer = r#"{"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":1}}"#;
    let body = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;
    let seen = call(url, body, "application/json; charset=utf-8", answer).await;
    let tree = "azure llm OpenAI.createChatCompletion  in user: Hi  out assistant: Hello\n";
    assert_eq!(seen, (tree.to_owned(), [4, 1]));
}
