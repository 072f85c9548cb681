//! The client of a measured program: the defaults, over HTTP to a server in a separate process.

use std::str::FromStr;
use std::time::Duration;
use std::{env, fmt};

use harness::Outcome;
use harness::sink::Sink;
use llmobs::{Config, Guard};

/// Returns the value of an environment variable, or the default.
pub fn setting<T: FromStr<Err: fmt::Debug>>(name: &str, default: T) -> T {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

pub struct Client {
    pub sink: Sink,
    _guard: Guard,
}

impl Client {
    /// Starts the client with its defaults, overridden by the environment: `QUEUE_LIMIT` and `CAPTURE_LIMIT` in bytes, and `INTERVAL` in
    /// seconds.
    pub fn start(hold: bool, change: impl FnOnce(Config) -> Config) -> Self {
        let sink = Sink::start(hold);
        let mut config = Config::from_env().ml_app("checkout-assistant").service("checkout-assistant");
        config =
            config.env("prod").version("1.2.3").agentless(true).api_key("x").override_origin(&*sink.origin);
        if let Ok(bytes) = env::var("QUEUE_LIMIT") {
            config = config.max_queue_bytes(bytes.parse::<usize>().expect("a number of bytes"));
        }
        if let Ok(bytes) = env::var("CAPTURE_LIMIT") {
            config = config.max_capture_bytes(bytes.parse::<usize>().expect("a number of bytes"));
        }
        if let Ok(seconds) = env::var("INTERVAL") {
            config =
                config.flush_interval(Duration::from_secs(seconds.parse().expect("a number of seconds")));
        }
        let guard = change(config).init().expect("a client");
        Self { sink, _guard: guard }
    }
}

/// Waits until all spans are delivered or lost.
pub fn settle() -> Outcome {
    let report = llmobs::flush(Duration::from_secs(120));
    assert_eq!(report.pending(), 0, "spans are still waiting: {report}");
    Outcome { delivered: report.delivered, dropped: report.dropped_total() }
}
