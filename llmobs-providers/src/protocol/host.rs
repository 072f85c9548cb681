//! The providers of models by host.

/// Suffixes of hosts, and the provider of the models there.
#[doc(hidden)]
pub const HOSTS: &[(&str, &str)] = &[
    ("openai.azure.com", "azure"),
    ("cognitiveservices.azure.com", "azure"),
    ("services.ai.azure.com", "azure"),
    ("models.ai.azure.com", "azure"),
    ("api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "google"),
    ("aiplatform.googleapis.com", "google"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral"),
    ("openrouter.ai", "openrouter"),
    ("api.perplexity.ai", "perplexity"),
    ("api.x.ai", "xai"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
    ("api.sambanova.ai", "sambanova"),
    ("integrate.api.nvidia.com", "nvidia"),
    ("dashscope.aliyuncs.com", "alibaba"),
    ("dashscope-intl.aliyuncs.com", "alibaba"),
    ("api.moonshot.ai", "moonshot"),
    ("api.moonshot.cn", "moonshot"),
    ("api.z.ai", "zai"),
    ("open.bigmodel.cn", "zai"),
    ("api.minimax.io", "minimax"),
    ("router.huggingface.co", "huggingface"),
    ("api-inference.huggingface.co", "huggingface"),
    ("models.github.ai", "github"),
    ("ollama.com", "ollama"),
    ("api.voyageai.com", "voyageai"),
    ("api.jina.ai", "jina"),
];

/// Returns the provider of the models behind a host, which may have a port, or `None` if it is unknown.
#[must_use]
pub fn provider_of_host(host: &str) -> Option<&'static str> {
    let (host, port) = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|digit| digit.is_ascii_digit()))
        .unwrap_or((host, ""));
    let host = host.to_ascii_lowercase();
    if host.starts_with("bedrock")
        && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
    {
        return Some("amazon_bedrock");
    }
    let is_of = |end: &str| {
        host.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(['.', '-']))
    };
    HOSTS
        .iter()
        .find(|(end, _)| is_of(end))
        .map(|(_, provider)| *provider)
        .or((port == "11434").then_some("ollama"))
}
