//! Providers under the names that this crate uses.

use llmobs_capture::text::{MAX_LABEL_BYTES, cut};

/// Returns the name of a provider, from its name in a convention or a library. An unknown name is only converted to lower case.
pub(crate) fn provider_of_name(name: &str) -> Option<String> {
    let name = cut(name.trim(), MAX_LABEL_BYTES).to_lowercase();
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = match letters.as_str() {
        "" => return None,
        "aws" | "awsbedrock" | "amazon" | "bedrock" | "bedrockapi" | "bedrocksigv4" => "amazon_bedrock",
        "azureopenai" | "azureaiopenai" | "azureaiinference" | "azaiopenai" | "azaiinference" => "azure",
        "gemini" | "geminiix" | "vertexai" | "vertex" | "googlegenai" | "googlegenerativeai"
        | "googlevertexai" | "gcpgemini" | "gcpgenai" | "gcpvertexai" => "google",
        "openairesp" => "openai",
        "mistralai" => "mistral",
        "xai" => "xai",
        "togetherai" => "together",
        "fireworksai" => "fireworks",
        "perplexityai" => "perplexity",
        "ibmwatsonxai" => "watsonx",
        "ollamacloud" => "ollama",
        "kimi" => "moonshot",
        "bigmodel" => "zai",
        "aliyun" | "qwencloud" => "alibaba",
        "githubcopilot" => "github",
        _ => &name,
    };
    Some(known.to_owned())
}
