//! The protocol, provider and model in URLs, as programs write them.

#![allow(clippy::unwrap_used, reason = "a test panics if it cannot continue")]

use llmobs_providers::json::Json;
use llmobs_providers::{Endpoint, Protocol, provider_of_host};

fn read(url: &str) -> Option<(Protocol, Option<String>, Option<String>)> {
    Endpoint::of_url(url).map(|endpoint| (endpoint.protocol, endpoint.provider, endpoint.model))
}

#[test]
fn urls_identify_protocol_provider_and_model() {
    let cases = [
        ("https://api.openai.com/v1/chat/completions/", Protocol::OpenAiChat, "openai", ""),
        ("http://localhost:8000/v1/chat/completions", Protocol::OpenAiChat, "", ""),
        ("http://localhost:8000/api/chat", Protocol::OllamaChat, "ollama", ""),
        ("http://localhost:11434/v1/chat/completions", Protocol::OpenAiChat, "ollama", ""),
        ("http://localhost:11434/api/embeddings", Protocol::OllamaEmbed, "ollama", ""),
        ("https://gate.example/v1/api/embeddings", Protocol::OpenAiEmbeddings, "", ""),
        (
            "https://gate.example/model/amazon.nova-lite-v1%3A0/converse",
            Protocol::BedrockConverse,
            "amazon_bedrock",
            "amazon.nova-lite-v1:0",
        ),
        ("https://api.groq.com/model/m/invoke", Protocol::BedrockInvoke, "amazon_bedrock", "m"),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-flash:generateContent?key=a:b",
            Protocol::GeminiGenerate,
            "google",
            "gemini-3-flash",
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/tunedModels/kites-7:generateContent",
            Protocol::GeminiGenerate,
            "google",
            "kites-7",
        ),
        (
            "https://kites.openai.azure.com/openai/deployments/small/chat/completions?api-version=1",
            Protocol::OpenAiChat,
            "azure",
            "small",
        ),
        (
            "https://us-east5-aiplatform.googleapis.com/v1/publishers/anthropic/models/claude-x:streamRawPredict",
            Protocol::AnthropicMessages,
            "google",
            "claude-x",
        ),
    ];
    for (url, protocol, provider, model) in cases {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        assert_eq!(read(url), Some((protocol, some(provider), some(model))), "{url}");
    }
}

#[test]
fn unknown_urls_are_not_recognized() {
    for url in [
        "https://api.openai.com",
        "https://api.openai.com/v1/models",
        "https://us-central1-aiplatform.googleapis.com/v1/publishers/mistralai/models/m:rawPredict",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/count-tokens",
    ] {
        assert_eq!(read(url), None, "{url}");
    }
}

#[test]
fn hosts_are_recognized_by_their_suffixes() {
    let cases = [
        ("API.OpenAI.com:443", Some("openai")),
        ("eu.api.openai.com", Some("openai")),
        ("notapi.openai.com", None),
        ("api.openai.com.example", None),
        ("bedrock-runtime.us-east-1.amazonaws.com", Some("amazon_bedrock")),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", Some("amazon_bedrock")),
        ("s3.us-east-1.amazonaws.com", None),
        ("bedrock.example", None),
    ];
    for (host, provider) in cases {
        assert_eq!(provider_of_host(host), provider, "{host}");
    }
}

/// The model in the body takes precedence over the path.
#[test]
fn the_model_is_in_the_body_or_in_the_path() {
    let endpoint =
        Endpoint::of_url("https://kites.openai.azure.com/openai/deployments/small/chat/completions").unwrap();
    let model = |body: &str| endpoint.request(&Json::read(body).unwrap(), 1000).model;
    assert_eq!(model(r#"{"messages":[]}"#).as_deref(), Some("small"));
    assert_eq!(model(r#"{"model":"large","messages":[]}"#).as_deref(), Some("large"));
}
