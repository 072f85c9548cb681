//! The names of the metrics that Datadog knows, for [`Annotation::metric`](crate::Annotation::metric). Other names can be used too.
//!
//! Unless noted otherwise, the names are those of Datadog's own SDKs. Costs are in dollars, as Datadog's page about
//! [costs](https://docs.datadoghq.com/llm_observability/monitoring/cost) requires.

/// The input tokens of the model.
pub const INPUT_TOKENS: &str = "input_tokens";
/// The output tokens of the model.
pub const OUTPUT_TOKENS: &str = "output_tokens";
/// The input and output tokens together.
pub const TOTAL_TOKENS: &str = "total_tokens";
/// The input tokens that were not read from the provider's cache.
pub const NON_CACHED_INPUT_TOKENS: &str = "non_cached_input_tokens";
/// The input tokens that were read from the provider's cache.
pub const CACHE_READ_INPUT_TOKENS: &str = "cache_read_input_tokens";
/// The input tokens that were written to the provider's cache.
pub const CACHE_WRITE_INPUT_TOKENS: &str = "cache_write_input_tokens";
/// The input tokens that the provider's cache keeps for five minutes.
pub const EPHEMERAL_5M_INPUT_TOKENS: &str = "ephemeral_5m_input_tokens";
/// The input tokens that the provider's cache keeps for an hour.
pub const EPHEMERAL_1H_INPUT_TOKENS: &str = "ephemeral_1h_input_tokens";
/// The input tokens that were audio. This name is defined by llmobs.
pub const AUDIO_INPUT_TOKENS: &str = "audio_input_tokens";
/// The output tokens that were audio. This name is defined by llmobs.
pub const AUDIO_OUTPUT_TOKENS: &str = "audio_output_tokens";
/// The output tokens that the model spent on reasoning.
pub const REASONING_OUTPUT_TOKENS: &str = "reasoning_output_tokens";
/// The seconds until the first token arrived. Streams measure it automatically.
pub const TIME_TO_FIRST_TOKEN: &str = "time_to_first_token";
/// The cost of the input, in dollars.
pub const INPUT_COST: &str = "input_cost";
/// The cost of the output, in dollars.
pub const OUTPUT_COST: &str = "output_cost";
/// The cost of input and output together, in dollars.
pub const TOTAL_COST: &str = "total_cost";
