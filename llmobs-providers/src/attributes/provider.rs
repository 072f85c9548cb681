//! Providers under the names of this crate.

/// The name of a provider, from what a convention or a library calls it.
pub(crate) fn provider_of(name: &str) -> Option<String> {
    let name = name.trim().to_lowercase();
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = match letters.as_str() {
        "" => return None,
        "aws" | "bedrock" | "awsbedrock" | "amazon" | "bedrockapi" => "amazon_bedrock",
        "azureopenai" | "azureaiopenai" | "azureaiinference" | "azaiopenai" | "azaiinference" => "azure",
        "gemini" | "vertexai" | "vertex" | "googlegenai" | "googlegenerativeai" | "googlevertexai"
        | "gcpgemini" | "gcpgenai" | "gcpvertexai" => "google",
        "mistralai" => "mistral",
        "xai" => "xai",
        "togetherai" => "together",
        "fireworksai" => "fireworks",
        "perplexityai" => "perplexity",
        "ibmwatsonxai" | "watsonx" => "watsonx",
        _ => &name,
    };
    Some(llmobs_capture::text::cut(known, llmobs_capture::text::MAX_LABEL_BYTES))
}
