//! Running spans: contexts, calls of instrumented functions, futures and streams, propagation.

pub(crate) mod annotate;
pub(crate) mod annotation_context;
pub(crate) mod call;
pub(crate) mod claim;
pub(crate) mod context;
pub(crate) mod dispatch;
pub(crate) mod fold;
pub(crate) mod frame;
pub(crate) mod integration;
pub(crate) mod local;
pub(crate) mod model_call;
pub(crate) mod observe;
pub(crate) mod parent;
pub(crate) mod propagation;
pub(crate) mod shared;
pub(crate) mod slot;
pub(crate) mod span;
pub(crate) mod start;
pub(crate) mod submit;
pub(crate) mod wrap;
