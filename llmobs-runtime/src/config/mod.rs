//! The environment and what a program says become one checked configuration.

mod environment;
mod read;
mod repository;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use llmobs_capture::Label;
use llmobs_capture::value::{given, replace, text_of};

use crate::base::secret::Secret;
use crate::deliver::custom::{OpenTransport, Transport};
use crate::deliver::process::Processor;
use crate::deliver::settings::Settings;
use crate::model::apm::ApmContext;
use crate::model::sampling::SamplingRule;
use crate::model::span_data::SpanData;
use environment::Environment;

/// Longer ones cannot be added to a point in time.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
const MIB: usize = 1024 * 1024;
/// The largest budget of a captured value, in bytes.
const MAX_CAPTURE_LIMIT: usize = 1024 * MIB;

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exporter {
    /// To Datadog: to its intake, or to an Agent. The default.
    Http,
    /// To standard error, each finished trace as a readable tree. Prompts are private: not for production logs.
    Console,
    /// To the end of a file, one JSON object a line, in the form that HTTP would send.
    File(PathBuf),
}

/// How llmobs is set up: the environment, then what the program says, which wins.
///
/// Methods that set a value take an `Option` of one too, where `None` changes nothing.
///
/// | method | variable | default |
/// |---|---|---|
/// | | `DD_LLMOBS_ENABLED` | true; when false, `init` does nothing, whatever the program says |
/// | [`ml_app`](Self::ml_app) | `DD_LLMOBS_ML_APP` | the service, else `unnamed-ml-app` |
/// | [`agentless`](Self::agentless) | `DD_LLMOBS_AGENTLESS_ENABLED`, else `DD_AGENTLESS_ENABLED` where that is true | ask the Agent whether it passes spans on |
/// | [`api_key`](Self::api_key) | `DD_API_KEY` | |
/// | [`site`](Self::site) | `DD_SITE` | `datadoghq.com` |
/// | [`env`](Self::env) | `DD_ENV` | |
/// | [`service`](Self::service) | `DD_SERVICE` | |
/// | [`version`](Self::version) | `DD_VERSION` | |
/// | [`tag`](Self::tag) | `DD_TAGS`, as `key:value` with commas or spaces between | |
/// | | `DD_GIT_REPOSITORY_URL`, `DD_GIT_COMMIT_SHA`, as tags; not when `DD_TRACE_GIT_METADATA_ENABLED` is false. `git` itself is not run, as the Python SDK does | |
/// | [`sample_rate`](Self::sample_rate) | `DD_LLMOBS_SAMPLE_RATE`, between 0 and 1 | 1 |
/// | [`sampling_rule`](Self::sampling_rule) | `DD_LLMOBS_SAMPLING_RULES`, as `[{"sample_rate": 0.5, "tags": {"env": "prod*"}}]` | |
/// | [`processor`](Self::processor) | | |
/// | [`apm_context`](Self::apm_context) | | |
/// | | `_DD_TRACE_WRITER_ADDITIONAL_HEADERS`, as `name:value` with commas between | |
/// | [`agent_url`](Self::agent_url) | `DD_TRACE_AGENT_URL`, else `DD_AGENT_HOST` and `DD_TRACE_AGENT_PORT` | `unix:///var/run/datadog/apm.socket` if it exists, else `http://localhost:8126` |
/// | [`override_origin`](Self::override_origin) | `DD_LLMOBS_OVERRIDE_ORIGIN` | |
/// | [`public_api`](Self::public_api) | `LLMOBS_PUBLIC_API` | false |
/// | [`transport`](Self::transport) | | |
/// | [`exporter`](Self::exporter) | `LLMOBS_EXPORTER`: `http`, `console` or `file:PATH` | `http` |
/// | [`flush_interval`](Self::flush_interval) | `_DD_LLMOBS_WRITER_INTERVAL`, in seconds | 1 s |
/// | [`timeout`](Self::timeout) | `_DD_LLMOBS_WRITER_TIMEOUT`, in seconds | 5 s |
/// | | `DD_LLMOBS_PAYLOAD_SIZE_BYTES`: events that would make the body of a request larger go into the next | 5 MiB |
/// | | `DD_LLMOBS_EVENT_SIZE_BYTES`: an event as large as that, or larger, is shortened, as the guide to annotations describes | 5,000,000 |
/// | [`max_capture_bytes`](Self::max_capture_bytes) | | 1 MiB |
/// | [`capture_errors`](Self::capture_errors) | `LLMOBS_CAPTURE_ERRORS` | true |
/// | [`capture_message_content`](Self::capture_message_content) | `LLMOBS_CAPTURE_MESSAGE_CONTENT`, else `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` | true |
/// | [`stderr_notice`](Self::stderr_notice) | `LLMOBS_STDERR_NOTICE` | true |
/// | [`max_queue_bytes`](Self::max_queue_bytes) | | 32 MiB |
///
/// The variables and their defaults are those of Datadog's own SDKs, but for those that begin with `LLMOBS_` or `OTEL_`. Further
/// variables of theirs change nothing: the table of differences from the Python SDK names those that are about LLM Observability. An empty variable counts
/// as absent, but for `DD_SITE`; so does an empty application or API key that a program gives. A bad value counts
/// as absent too, or as false where true or false is wanted, with a warning that names the variable and not the value.
///
/// ```no_run
/// # use llmobs_runtime as llmobs;
/// let _llmobs = llmobs::Config::from_env().ml_app("support").site("datadoghq.eu").init();
/// ```
#[derive(Clone)]
#[must_use = "a configuration does nothing until `init` is called"]
pub struct Config {
    enabled: bool,
    exporter: Option<Exporter>,
    default_exporter: Option<Exporter>,
    /// Somebody said where to send spans, so that the default exporter must not take them.
    destination_given: bool,
    warnings: Vec<String>,
    /// How many of the rules of sampling the program gave: they come first.
    own_rules: usize,
    settings: Settings,
}

/// Without addresses and keys, which may be secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("enabled", &self.enabled)
            .field("exporter", &self.chosen_exporter())
            .field("ml_app", &self.settings.ml_app())
            .field("agentless", &self.settings.agentless)
            .field("site", &self.settings.site)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Self {
        Self::read(&|name| std::env::var_os(name))
    }

    /// The defaults alone, whatever the environment says: for programs with a configuration of their own, and for tests.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// let config = llmobs::Config::new().ml_app("support").tag("team", "search");
    /// let collector = llmobs::testing::Collector::with_config(&config);
    /// collector.enter(|| llmobs::task("step").start().finish());
    /// assert_eq!(collector.span("step").tag("team"), Some("search"));
    /// ```
    #[expect(
        clippy::new_without_default,
        reason = "a default would leave open whether it reads the environment"
    )]
    pub fn new() -> Self {
        Self::read(&|_| None)
    }

    /// Reads variables from wherever `lookup` finds them.
    fn read(lookup: environment::Lookup<'_>) -> Self {
        let mut env = Environment::new(lookup);
        let settings = read::settings(&mut env);
        let destinations = [
            "DD_API_KEY",
            "DD_LLMOBS_AGENTLESS_ENABLED",
            "DD_AGENTLESS_ENABLED",
            "DD_TRACE_AGENT_URL",
            "DD_AGENT_HOST",
            "DD_TRACE_AGENT_HOSTNAME",
            "DD_LLMOBS_OVERRIDE_ORIGIN",
        ];
        Self {
            enabled: env.flag("DD_LLMOBS_ENABLED").unwrap_or(true),
            exporter: env.exporter("LLMOBS_EXPORTER"),
            default_exporter: None,
            destination_given: destinations.into_iter().any(|name| env.is_given(name)),
            settings,
            own_rules: 0,
            warnings: env.warnings(),
        }
    }

    /// The application that spans belong to, such as `support-bot`. A function or span may say otherwise.
    pub fn ml_app<Form>(mut self, ml_app: impl Label<Form>) -> Self {
        replace(&mut self.settings.ml_app, given(ml_app));
        self
    }

    /// True sends straight to Datadog, which needs an API key; false sends to an Agent. Neither is asked then.
    pub fn agentless(mut self, agentless: impl Into<Option<bool>>) -> Self {
        let agentless = agentless.into();
        self.destination_given |= agentless.is_some();
        replace(&mut self.settings.agentless, agentless);
        self
    }

    /// The API key for sending straight to Datadog. It is never logged, and `Debug` does not show it.
    pub fn api_key<Form>(mut self, api_key: impl Label<Form>) -> Self {
        let given = given(api_key).map(Secret::new).filter(|key| !key.reveal().is_empty());
        self.destination_given |= given.is_some();
        self.settings.api_key = given.or(self.settings.api_key);
        self
    }

    /// The Datadog site, such as `datadoghq.eu`.
    pub fn site<Form>(mut self, site: impl Label<Form>) -> Self {
        set(&mut self.settings.site, site);
        self
    }

    /// The environment, such as `production`, as the tag `env`.
    pub fn env<Form>(mut self, env: impl Label<Form>) -> Self {
        set(&mut self.settings.identity.env, env);
        self
    }

    /// The service, as the tag `service`, and the application where none is named.
    pub fn service<Form>(mut self, service: impl Label<Form>) -> Self {
        set(&mut self.settings.identity.service, service);
        self
    }

    /// The version of the program, as the tag `version`.
    pub fn version<Form>(mut self, version: impl Label<Form>) -> Self {
        set(&mut self.settings.identity.version, version);
        self
    }

    /// A tag for every span. Tags that llmobs or an annotation sets win over it.
    pub fn tag<Form>(mut self, key: impl Into<String>, value: impl Label<Form>) -> Self {
        if let Some(value) = text_of(value) {
            self.settings.identity.tags.insert(key.into(), value);
        }
        self
    }

    /// The part of the traces that Datadog is to keep, between 0.0, none, and 1.0, all. Another number counts as not given,
    /// with a warning.
    ///
    /// The decision is made once for each trace and recorded on each of its spans. All spans are sent; Datadog applies it.
    pub fn sample_rate(mut self, rate: impl Into<Option<f64>>) -> Self {
        match rate.into() {
            Some(rate) if (0.0..=1.0).contains(&rate) => self.settings.sampler.rate = rate,
            Some(_) => {
                self.warnings.push("the sample rate is ignored: it should be between 0 and 1".to_owned());
            }
            None => {}
        }
        self
    }

    /// A rule that some traces are sampled by instead of the [`sample_rate`](Self::sample_rate). Of several the first that
    /// matches holds. Those that the environment names come after those of the program.
    ///
    /// Rules look at the tags that the first span of a trace has when the first of its spans finishes, or when it is
    /// [injected](crate::inject) into the headers of a request.
    pub fn sampling_rule(mut self, rule: impl Into<Option<SamplingRule>>) -> Self {
        if let Some(rule) = rule.into() {
            self.settings.sampler.rules.insert(self.own_rules, rule);
            self.own_rules += 1;
        }
        self
    }

    /// A function that returns the current span of an APM tracer in the same program, so that LLM spans link to its traces, and
    /// requests that are [injected](crate::inject) continue them. It is called when a span starts and when headers are written. For
    /// OpenTelemetry, the macro `llmobs::opentelemetry_context!()` provides one. Default: none; each trace gets an APM id of its own.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// use llmobs::ApmContext;
    ///
    /// fn current() -> Option<ApmContext> {
    ///     Some(ApmContext::new(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, 0x00f0_67aa_0ba9_02b7, true))
    /// }
    ///
    /// let config = llmobs::Config::new().apm_context(current);
    /// let collector = llmobs::testing::Collector::with_config(&config);
    /// collector.enter(|| llmobs::task("step").start().finish());
    /// assert_eq!(collector.events()[0]["_dd"]["apm_trace_id"], "0af7651916cd43dd8448eb211c80319c");
    /// ```
    pub fn apm_context(mut self, current: fn() -> Option<ApmContext>) -> Self {
        self.settings.current_apm = Some(current);
        self
    }

    /// A function that gets each finished span before anything else does, and returns it as it is to be sent, or `None` to
    /// drop it. Children of a span that is dropped are sent.
    ///
    /// It runs on a thread of llmobs: spans that it makes are not recorded, and a slow one delays delivery. Where it panics,
    /// the span goes out without input, output, metadata and error message, and is counted in
    /// [`Report::stripped`](crate::Report::stripped). A second one takes the place of the first.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let config = llmobs::Config::from_env();
    /// let config = config.processor(|mut span| {
    ///     span.for_each_text(|text| *text = text.replace("hunter2", "[password]"));
    ///     (span.name != "health check").then_some(span)
    /// });
    /// # let collector = llmobs::testing::Collector::with_config(&config);
    /// # collector.enter(|| {
    /// #     let span = llmobs::task("login").start();
    /// #     span.annotate(|note| { note.input("it is hunter2"); });
    /// #     span.finish();
    /// #     llmobs::task("health check").start().finish();
    /// # });
    /// # assert_eq!(collector.tree(), "task login  in it is [password]\n");
    /// ```
    pub fn processor(
        mut self,
        processor: impl Fn(SpanData) -> Option<SpanData> + Send + Sync + 'static,
    ) -> Self {
        self.settings.processor = Some(Processor::new(processor));
        self
    }

    /// Where the Agent listens: a URL such as `http://localhost:8126`, or a Unix socket such as
    /// `unix:///var/run/datadog/apm.socket`. Default: that socket if it exists, else that URL.
    pub fn agent_url<Form>(mut self, agent_url: impl Label<Form>) -> Self {
        if let Some(agent_url) = text_of(agent_url) {
            self.settings.agent_url = Some(agent_url);
            self.destination_given = true;
        }
        self
    }

    /// Takes the place of scheme, host and port of the URL that spans are sent to, such as `http://localhost:9126` for a
    /// proxy or a test server. A path in it is put before the path of the API.
    pub fn override_origin<Form>(mut self, origin: impl Label<Form>) -> Self {
        if let Some(origin) = text_of(origin) {
            self.settings.override_origin = Some(origin).filter(|origin| !origin.is_empty());
            self.destination_given = true;
        }
        self
    }

    /// Whether spans go to Datadog's documented [HTTP API](https://docs.datadoghq.com/llm_observability/instrumentation/api/) instead of
    /// the intake that its SDKs use, straight or through an Agent. Default: false.
    ///
    /// The API takes less: links between spans, the agents and costs that spans are counted to, and sampling are left out. It is for
    /// accounts in which spans from the intake do not show up. Evaluations have one address for both.
    ///
    /// ```no_run
    /// # use llmobs_runtime as llmobs;
    /// let _llmobs = llmobs::Config::from_env().public_api(true).init();
    /// ```
    pub fn public_api(mut self, public_api: impl Into<Option<bool>>) -> Self {
        self.settings.public_api = public_api.into().unwrap_or(self.settings.public_api);
        self
    }

    /// Where spans go.
    pub fn exporter(mut self, exporter: impl Into<Option<Exporter>>) -> Self {
        replace(&mut self.exporter, exporter.into());
        self
    }

    /// Delivers spans and evaluations by a [transport](crate::transport::Transport) of the program, in place of an exporter. `open` is
    /// called by [`init`](Self::init), on the thread of the caller.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// use std::sync::mpsc;
    ///
    /// use llmobs::transport::{Transport, TransportError};
    ///
    /// struct Channel(mpsc::Sender<String>);
    ///
    /// impl Transport for Channel {
    ///     fn spans(&mut self, body: &str) -> Result<(), TransportError> {
    ///         self.0.send(body.to_owned()).map_err(|_| TransportError::permanent("the receiver is gone"))
    ///     }
    ///
    ///     fn evaluations(&mut self, body: &str) -> Result<(), TransportError> {
    ///         self.spans(body)
    ///     }
    /// }
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let guard = llmobs::Config::new().transport(move || Channel(sender.clone())).init()?;
    /// llmobs::task("step").start().finish();
    /// drop(guard);
    /// assert!(receiver.recv()?.starts_with("[{"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transport<T: Transport + 'static>(mut self, open: impl Fn() -> T + Send + Sync + 'static) -> Self {
        self.settings.transport = Some(OpenTransport::new(open));
        self.destination_given = true;
        self
    }

    /// Where spans go by default: used when there is no [`exporter`](Self::exporter), and neither environment nor
    /// program names an API key, an Agent, or whether to use one. Meant for examples: an application that prints prompts
    /// because a variable is missing has a leak.
    pub fn default_exporter(mut self, exporter: impl Into<Option<Exporter>>) -> Self {
        replace(&mut self.default_exporter, exporter.into());
        self
    }

    /// How long a finished span waits for others to share its request. Default: one second.
    pub fn flush_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.settings.interval = interval.into().unwrap_or(self.settings.interval);
        self
    }

    /// How long one attempt to deliver may take, at most a day. Large requests have a second more for each 250 kB, and a receiver that was
    /// seen to be slow has up to eight times as long. Default: five seconds.
    ///
    /// The waits between attempts follow from it: random parts of a fiftieth at first, and of up to six times as much later. While all
    /// requests are refused, as with a wrong key, there is an attempt after twelve times as much, and with each [`flush`](crate::flush).
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.timeout = timeout.into().unwrap_or(self.settings.timeout).min(MAX_TIMEOUT);
        self
    }

    /// The budget of each value that spans capture, in bytes of JSON, at most 1 GiB. In a larger value, base64 becomes its type and
    /// size, long strings lose their middle, and long lists keep their first elements and the last one. Default: 1 MiB.
    ///
    /// It is the budget of spans; typed values, such as the variables of a [`Prompt`](crate::prompt::Prompt), and evaluations are shortened to
    /// 1 MiB before, also where this is more.
    pub fn max_capture_bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.settings.capture_limit =
            bytes.into().unwrap_or(self.settings.capture_limit).min(MAX_CAPTURE_LIMIT);
        self
    }

    /// Whether spans show the texts of the errors and panics that they end with: the message and the sources. False keeps only the
    /// type, for errors whose texts repeat the input or output. Default: true.
    ///
    /// It is for what llmobs captures by itself. What a program says by hand, as with
    /// [`Annotation::error`](crate::Annotation::error), is always shown. The option `skip_error` of the attributes does the same
    /// for one function.
    ///
    /// ```
    /// # use llmobs_runtime as llmobs;
    /// # let config = llmobs::Config::from_env();
    /// let config = config.capture_errors(false);
    /// # let collector = llmobs::testing::Collector::with_config(&config);
    /// # let _ = collector.enter(|| std::panic::catch_unwind(|| llmobs::task("login").start().enter(|| panic!("hunter2"))));
    /// # assert_eq!(collector.tree(), "task login  error panic\n");
    /// ```
    pub fn capture_errors(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.settings.capture_errors = capture.into().unwrap_or(self.settings.capture_errors);
        self
    }

    /// Whether spans that integrations make by themselves show what models are asked and answer: messages, documents, definitions of
    /// tools, and texts in parameters. False leaves model, tokens, finish reasons, numbers among the parameters, and types of
    /// errors. Default: true.
    ///
    /// The variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` of OpenTelemetry says it for all SDKs: `false` and
    /// `NO_CONTENT` mean false. What attributes capture is chosen by their own options.
    pub fn capture_message_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.settings.capture_message_content =
            capture.into().unwrap_or(self.settings.capture_message_content);
        self
    }

    /// Whether llmobs writes to standard error that spans are lost: once in a process, and only where no logger takes its warnings.
    /// Default: true.
    pub fn stderr_notice(mut self, notice: impl Into<Option<bool>>) -> Self {
        self.settings.stderr_notice = notice.into().unwrap_or(self.settings.stderr_notice);
        self
    }

    /// How many bytes spans may take, from their start until they are delivered or lost. When nine tenths are
    /// taken, spans lose their input, output and metadata; when all is taken, further spans are not recorded, and counted as dropped. Requests
    /// that are being sent take up to 10 MiB more. Default: 32 MiB.
    pub fn max_queue_bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.settings.queue_limit = bytes.into().unwrap_or(self.settings.queue_limit);
        self
    }

    pub(crate) fn enabled(&self) -> bool {
        self.enabled
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is to be said about the configuration as it is now.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        warnings.extend(self.settings.ml_app_warning());
        warnings
    }

    pub(crate) fn chosen_exporter(&self) -> Exporter {
        let default = self.default_exporter.as_ref().filter(|_| !self.destination_given);
        self.exporter.as_ref().or(default).cloned().unwrap_or(Exporter::Http)
    }
}

/// Sets a text, unless it is absent.
fn set<Form>(setting: &mut String, text: impl Label<Form>) {
    if let Some(text) = text_of(text) {
        *setting = text;
    }
}

#[cfg(test)]
mod tests;
