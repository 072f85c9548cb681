#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod routes;
#[cfg(feature = "tls")]
mod secrets;
