//! Cohere.

pub(crate) mod chat;
pub(crate) mod chat_v1;
pub(crate) mod embed;
pub(crate) mod rerank;
