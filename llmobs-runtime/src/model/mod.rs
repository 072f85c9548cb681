//! Annotations of spans, finished spans as plain data, and evaluations of spans.

pub(crate) mod agent;
pub(crate) mod annotation;
pub(crate) mod apm;
pub(crate) mod attributes;
pub(crate) mod captured;
pub(crate) mod content;
pub(crate) mod evaluation;
pub(crate) mod failure;
pub(crate) mod feedback;
pub(crate) mod inherited;
pub(crate) mod limits;
pub mod metrics;
pub(crate) mod ml_app;
pub(crate) mod observed;
pub(crate) mod prompt;
pub(crate) mod reading;
pub(crate) mod record;
pub(crate) mod reference;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sampling;
pub(crate) mod span_data;
pub(crate) mod tags;
