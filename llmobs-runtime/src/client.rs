//! The client: starts the worker, holds the queue, and ends both.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use log::Level;

use llmobs_capture::log::{flush as flush_log, log};
use llmobs_capture::{is_muted, warn_limited};

use crate::base::error::Error;
use crate::config::{Config, Exporter};
use crate::deliver::encode::Encoder;
use crate::deliver::notice::Notice;
use crate::deliver::pace::Pace;
use crate::deliver::parcel::Parcel;
use crate::deliver::queue::Limits;
use crate::deliver::report::Report;
use crate::deliver::sender::{Defaults, Sender, any_open, clear_default, default_sender, install_default};
use crate::deliver::settings::Settings;
use crate::deliver::transport::{Console, Custom, File, Http, Transport};
use crate::deliver::worker::Worker;
use crate::trace::context::{Context, current};
use crate::trace::frame::Frame;
use crate::trace::slot::Slot;

/// How long the guard waits for spans to be delivered when it is dropped.
const GRACE: Duration = Duration::from_secs(2);
/// The least time that the guard gives the worker to report what it could not deliver.
const END_GRACE: Duration = Duration::from_millis(50);
/// How long the guard waits for the program's logger.
const LOG_GRACE: Duration = Duration::from_millis(100);
/// A guard that is dropped this soon, before any span has finished, was probably dropped by mistake.
const AT_ONCE: Duration = Duration::from_millis(5);
/// Bytes of spans at which they are sent before the interval is over.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// One part in this many of the memory is reserved for spans without input and output.
const KEPT: usize = 10;

/// A queue and the worker that empties it.
pub(crate) struct Client {
    sender: Arc<Sender>,
    notice: Notice,
}

impl Client {
    pub(crate) fn start(settings: &Settings, transport: Box<dyn Transport>) -> Result<Self, Error> {
        let limits = Limits {
            bytes: settings.queue_limit,
            kept_bytes: settings.queue_limit / KEPT,
            open_bytes: Frame::BYTES,
            batch_bytes: BATCH_BYTES.min(settings.queue_limit / 2),
            interval: settings.interval,
        };
        let defaults = Defaults {
            ml_app: settings.ml_app().into(),
            capture_limit: settings.capture_limit,
            capture_errors: settings.capture_errors,
            capture_message_content: settings.capture_message_content,
            identity: settings.identity.clone(),
            sampler: settings.sampler.clone(),
            current_apm: settings.current_apm,
        };
        let encoder = Encoder::new(&defaults.identity, &defaults.ml_app, settings.event_limit);
        let sender = Sender::open(limits, defaults);
        let notice = Notice::new(settings.stderr_notice);
        let worker = Worker {
            sender: Arc::clone(&sender),
            processor: settings.processor.clone(),
            outgoing: Parcel::to(&*transport),
            transport,
            encoder,
            pace: Pace::new(settings.timeout, settings.request_limit),
            max_age: settings.max_age,
            notice,
            warned: BTreeMap::new(),
            unsent_bytes: 0,
            outcome: Report::default(),
            refused: 0,
            flushes: 0,
        };
        let client = Self { sender, notice };
        // Evaluations that a processor submits belong to this client.
        let context = client.context();
        let run = move || context.enter(|| worker.run());
        thread::Builder::new()
            .name("llmobs".to_owned())
            .spawn(run)
            .map_err(|source| Error::Thread { source })?;
        Ok(client)
    }

    /// Returns a context of the client with no current span.
    pub(crate) fn context(&self) -> Context {
        Context(Slot::Client(Arc::clone(&self.sender)))
    }

    pub(crate) fn defaults(&self) -> &Defaults {
        &self.sender.defaults
    }

    pub(crate) fn flush(&self, timeout: Duration) -> Report {
        self.sender.flush(timeout)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.sender.close();
    }
}

/// Starts llmobs from the `DD_*` variables of the environment.
///
/// If that fails, the error is logged and nothing is recorded: the program runs as if llmobs were not there. Use [`Config::init`] to get
/// the error instead.
///
/// Keep the guard until the program ends: `let _llmobs = llmobs::init();`. Don't write `let _ = …`, which drops the guard at once.
///
/// ```no_run
/// # use llmobs_runtime as llmobs;
/// let _llmobs = llmobs::init();
/// ```
pub fn init() -> Guard {
    Config::from_env().init().unwrap_or_else(|error| {
        log(Level::Error, format_args!("llmobs is off: {}", error.chain()));
        // The program may end immediately.
        flush_log(LOG_GRACE);
        Guard(None)
    })
}

impl Config {
    /// Starts llmobs.
    ///
    /// This does not block: slow work happens on a thread of llmobs. If neither the environment nor the program chooses between an Agent
    /// and Datadog, that thread asks the Agent when it sends the first spans. Spans go to an Agent that accepts them; otherwise straight to
    /// Datadog, if there is an API key; otherwise they wait for an Agent. The choice is made again whenever the Agent or Datadog cannot be
    /// reached or does not accept spans.
    ///
    /// # Errors
    ///
    /// Returns an error if the configuration can never deliver, for example with an invalid URL, or without an API key for delivery
    /// straight to Datadog, or if a client is already running. Nothing is recorded then. A program should not stop because of its
    /// telemetry:
    ///
    /// ```no_run
    /// # use llmobs_runtime as llmobs;
    /// let _llmobs = match llmobs::Config::from_env().ml_app("support").init() {
    ///     Ok(guard) => Some(guard),
    ///     Err(error) => {
    ///         eprintln!("continuing without traces: {error}");
    ///         None
    ///     }
    /// };
    /// ```
    pub fn init(self) -> Result<Guard, Error> {
        start(&self)
    }
}

fn start(config: &Config) -> Result<Guard, Error> {
    for warning in config.warnings() {
        log(Level::Warn, format_args!("{warning}"));
    }
    if !config.enabled() {
        return Ok(Guard(None));
    }
    if default_sender().is_some() {
        return Err(Error::AlreadyInitialized);
    }
    let settings = config.settings();
    let client = Client::start(settings, transport(settings, config.chosen_exporter())?)?;
    if install_default(Arc::clone(&client.sender)) {
        Ok(Guard(Some(Running { client, since: Instant::now() })))
    } else {
        Err(Error::AlreadyInitialized)
    }
}

fn transport(settings: &Settings, exporter: Exporter) -> Result<Box<dyn Transport>, Error> {
    if let Some(own) = &settings.transport {
        return Ok(Box::new(Custom(own.open())));
    }
    Ok(match exporter {
        Exporter::Console => Box::new(Console::new()),
        Exporter::File(path) => Box::new(File::create(path)?),
        Exporter::Http => Box::new(Http::new(settings)?),
    })
}

/// Keeps llmobs running. Dropping the guard delivers finished spans, for at most two seconds, and switches llmobs off; afterwards `init`
/// can be called again.
///
/// If the process ends without dropping the guard, as with `std::process::exit`, the spans of the last second are lost: call [`flush`]
/// first.
///
/// Spans that end after the guard is dropped are lost, and counted in [`Report::late_finishes`](crate::Report::late_finishes). In a service,
/// bind the guard in a `main` that is not async, so that the runtime ends first.
#[must_use = "llmobs is switched off when the guard is dropped: bind it to a name such as `_llmobs`"]
pub struct Guard(Option<Running>);

struct Running {
    client: Client,
    since: Instant,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Guard(running)" } else { "Guard(off)" })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(Running { client, since }) = &self.0 else { return };
        let at_once = since.elapsed() < AT_ONCE;
        let deadline = Instant::now() + GRACE;
        clear_default(&client.sender);
        let report = client.flush(GRACE);
        client.sender.close();
        let rest = deadline.saturating_duration_since(Instant::now());
        client.sender.queue.wait_for_end(rest.max(END_GRACE));
        if at_once && report.started == 0 {
            warn_limited!(
                "llmobs was switched off as soon as it was switched on: keep the guard, as in `let _llmobs = llmobs::init();`"
            );
        }
        // The worker has already logged the dropped items.
        let pending = client.sender.queue.report().pending();
        if pending > 0 {
            let message = format!(
                "{pending} span(s) or evaluation(s) were not delivered within {GRACE:?} of shutting down"
            );
            client.notice.write(format_args!("{message}"));
            log(Level::Warn, format_args!("{message}"));
        }
        flush_log(LOG_GRACE);
    }
}

/// Sends all finished spans and submitted evaluations, and waits for that, but no longer than `timeout`.
///
/// This applies to the client that spans started here would go to. If llmobs is not enabled, the report is empty.
///
/// ```no_run
/// # use llmobs_runtime as llmobs;
/// # use std::time::Duration;
/// let report = llmobs::flush(Duration::from_secs(2));
/// if report.pending() > 0 || !report.dropped.is_empty() {
///     eprintln!("{report}");
/// }
/// ```
pub fn flush(timeout: Duration) -> Report {
    // The worker cannot wait for itself.
    let sender = if is_muted() { None } else { current().0.sender() };
    sender.map_or_else(Report::default, |sender| sender.flush(timeout))
}

/// Returns what became of all spans and evaluations so far, without waiting.
///
/// This applies to the client that spans started here would go to. If llmobs is not enabled, the report is empty.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let span = llmobs::task("step").start();
/// assert_eq!(llmobs::stats().open, 1);
/// # drop(span);
/// ```
#[must_use]
pub fn stats() -> Report {
    current().0.sender().map_or_else(Report::default, |sender| sender.queue.report())
}

/// Returns whether a span started here and now would be recorded.
///
/// This is for the rare case that computing an annotation is expensive and cannot happen in the closure of [`annotate`](crate::annotate),
/// which is not called when nothing is recorded.
#[must_use]
pub fn enabled() -> bool {
    any_open() && !is_muted() && current().0.open_sender().is_some()
}

#[cfg(test)]
mod tests;
