//! Spans for model calls through the AWS SDK for Amazon Bedrock.
//!
//! Use the `llmobs` crate with the feature `bedrock`, which re-exports this crate as `llmobs::bedrock`.

mod attempt;
mod interceptor;

pub use interceptor::Interceptor;
