//! The interest of the layer. All subscribers of a process share interests, so this is one test.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

use std::sync::{Arc, Mutex};

use tracing::{Level, info, info_span, trace_span};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{fmt, registry};

fn gen_ai() -> tracing::Span {
    info_span!("chat", gen_ai.operation.name = "chat")
}

#[test]
fn the_layer_enables_only_its_own_spans_and_filters_no_others() {
    let alone = registry().with(llmobs_tracing::layer());
    tracing::subscriber::with_default(alone, || {
        assert!(!gen_ai().is_disabled());
        assert!(!trace_span!("chat", llmobs.kind = "llm").is_disabled());
        assert!(info_span!("unwanted").is_disabled());
        assert!(trace_span!("unwanted").is_disabled());
        assert!(!tracing::enabled!(Level::ERROR));
    });

    let seen = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&seen);
    let log = fmt::layer()
        .without_time()
        .with_ansi(false)
        .with_target(false)
        .with_writer(move || Writer(Arc::clone(&writer)));
    let log = log
        .with_filter(filter_fn(|metadata| metadata.name() != "unwanted" && *metadata.level() <= Level::INFO));
    tracing::subscriber::with_default(registry().with(log).with(llmobs_tracing::layer()), || {
        let (wanted, unwanted) = (info_span!("wanted"), info_span!("unwanted"));
        assert!(!wanted.is_disabled());
        assert!(unwanted.is_disabled());
        wanted.in_scope(|| gen_ai().in_scope(|| info!("hello")));
        tracing::debug!("too detailed");
    });
    let seen = String::from_utf8(seen.lock().unwrap().clone()).unwrap();
    assert_eq!(seen, " INFO wanted:chat{gen_ai.operation.name=\"chat\"}: hello\n");
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().map_err(|_| std::io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
