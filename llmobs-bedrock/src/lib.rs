//! Spans for the calls of models by the AWS SDK for Amazon Bedrock.
//!
//! Use the `llmobs` crate with the feature `bedrock`, which has this as `llmobs::bedrock`.

mod attempt;
mod interceptor;

pub use interceptor::Interceptor;
