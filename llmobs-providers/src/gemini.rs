//! Google's Gemini, also by Vertex AI.

pub(crate) mod embed;
pub(crate) mod generate;
pub(crate) mod interactions;
