#![allow(clippy::unwrap_used, reason = "a test panics if it cannot continue")]

mod routes;
#[cfg(feature = "tls")]
mod secrets;
