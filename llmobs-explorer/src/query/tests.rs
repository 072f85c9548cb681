//! Tests of queries.

mod errors;
mod terms;
