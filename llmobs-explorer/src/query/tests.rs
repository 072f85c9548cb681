//! Texts as queries.

mod errors;
mod terms;
