//! The names of the metrics that Datadog knows, for [`Annotation::metric`](crate::Annotation::metric). Others can be used too.
//!
//! Unless it says otherwise, the names are those of Datadog's own SDKs. Costs are in dollars, as Datadog's page about
//! [costs](https://docs.datadoghq.com/llm_observability/monitoring/cost) wants them.

/// Tokens that went into the model.
pub const INPUT_TOKENS: &str = "input_tokens";
/// Tokens that came out of the model.
pub const OUTPUT_TOKENS: &str = "output_tokens";
/// Both together.
pub const TOTAL_TOKENS: &str = "total_tokens";
/// Those of the input that were not read from the provider's cache.
pub const NON_CACHED_INPUT_TOKENS: &str = "non_cached_input_tokens";
/// Those of the input that were read from the provider's cache.
pub const CACHE_READ_INPUT_TOKENS: &str = "cache_read_input_tokens";
/// Those of the input that were written to the provider's cache.
pub const CACHE_WRITE_INPUT_TOKENS: &str = "cache_write_input_tokens";
/// Those that the provider's cache keeps for five minutes.
pub const EPHEMERAL_5M_INPUT_TOKENS: &str = "ephemeral_5m_input_tokens";
/// Those that the provider's cache keeps for an hour.
pub const EPHEMERAL_1H_INPUT_TOKENS: &str = "ephemeral_1h_input_tokens";
/// Those of the input that were sound. The name is that of llmobs.
pub const AUDIO_INPUT_TOKENS: &str = "audio_input_tokens";
/// Those of the output that were sound. The name is that of llmobs.
pub const AUDIO_OUTPUT_TOKENS: &str = "audio_output_tokens";
/// Those of the output that the model spent on thinking.
pub const REASONING_OUTPUT_TOKENS: &str = "reasoning_output_tokens";
/// Seconds until the first token came. A stream measures it by itself.
pub const TIME_TO_FIRST_TOKEN: &str = "time_to_first_token";
/// What the input cost, in dollars.
pub const INPUT_COST: &str = "input_cost";
/// What the output cost, in dollars.
pub const OUTPUT_COST: &str = "output_cost";
/// Both together, in dollars.
pub const TOTAL_COST: &str = "total_cost";
