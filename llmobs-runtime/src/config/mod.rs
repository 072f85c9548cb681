//! The configuration: the environment, overridden by the program, and checked.

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

/// The longest timeout. A huge one could not be added to a point in time.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
const MIB: usize = 1024 * 1024;
/// The largest budget of a captured value, in bytes.
const MAX_CAPTURE_LIMIT: usize = 1024 * MIB;

/// Where spans go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exporter {
    /// Sends to Datadog, directly or through an Agent. The default.
    Http,
    /// Writes each finished trace to standard error as a readable tree. Prompts are private: not for production logs.
    Console,
    /// Appends to a file, one JSON object per line, in the form that HTTP would send.
    File(PathBuf),
}

/// The configuration of llmobs: the environment, overridden by the program.
///
/// Methods that set a value also take an `Option`, where `None` changes nothing.
///
/// | method | variable | default |
/// |---|---|---|
/// | | `DD_LLMOBS_ENABLED` | true; when false, `init` does nothing, regardless of the program |
/// | [`ml_app`](Self::ml_app) | `DD_LLMOBS_ML_APP` | the service, else `unnamed-ml-app` |
/// | [`agentless`](Self::agentless) | `DD_LLMOBS_AGENTLESS_ENABLED`, else `DD_AGENTLESS_ENABLED` if that is true | ask the Agent whether it passes spans on |
/// | [`api_key`](Self::api_key) | `DD_API_KEY` | |
/// | [`site`](Self::site) | `DD_SITE` | `datadoghq.com` |
/// | [`env`](Self::env) | `DD_ENV` | |
/// | [`service`](Self::service) | `DD_SERVICE` | |
/// | [`version`](Self::version) | `DD_VERSION` | |
/// | [`tag`](Self::tag) | `DD_TAGS`, as `key:value` separated by commas or spaces | |
/// | | `DD_GIT_REPOSITORY_URL`, `DD_GIT_COMMIT_SHA`, as tags; not when `DD_TRACE_GIT_METADATA_ENABLED` is false. `git` itself is not run, unlike in the Python SDK | |
/// | [`sample_rate`](Self::sample_rate) | `DD_LLMOBS_SAMPLE_RATE`, between 0 and 1 | 1 |
/// | [`sampling_rule`](Self::sampling_rule) | `DD_LLMOBS_SAMPLING_RULES`, as `[{"sample_rate": 0.5, "tags": {"env": "prod*"}}]` | |
/// | [`processor`](Self::processor) | | |
/// | [`apm_context`](Self::apm_context) | | |
/// | | `_DD_TRACE_WRITER_ADDITIONAL_HEADERS`, as `name:value` separated by commas | |
/// | [`agent_url`](Self::agent_url) | `DD_TRACE_AGENT_URL`, else `DD_AGENT_HOST` and `DD_TRACE_AGENT_PORT` | `unix:///var/run/datadog/apm.socket` if it exists, else `http://localhost:8126` |
/// | [`override_origin`](Self::override_origin) | `DD_LLMOBS_OVERRIDE_ORIGIN` | |
/// | [`public_api`](Self::public_api) | `LLMOBS_PUBLIC_API` | false |
/// | [`transport`](Self::transport) | | |
/// | [`exporter`](Self::exporter) | `LLMOBS_EXPORTER`: `http`, `console` or `file:PATH` | `http` |
/// | [`flush_interval`](Self::flush_interval) | `_DD_LLMOBS_WRITER_INTERVAL`, in seconds | 1 s |
/// | [`timeout`](Self::timeout) | `_DD_LLMOBS_WRITER_TIMEOUT`, in seconds | 5 s |
/// | | `DD_LLMOBS_PAYLOAD_SIZE_BYTES`: events that would make the body of a request larger go into the next | 5 MiB |
/// | | `DD_LLMOBS_EVENT_SIZE_BYTES`: an event of this size or more is shortened, as the guide to annotations describes | 5,000,000 |
/// | [`max_capture_bytes`](Self::max_capture_bytes) | | 1 MiB |
/// | [`capture_errors`](Self::capture_errors) | `LLMOBS_CAPTURE_ERRORS` | true |
/// | [`capture_message_content`](Self::capture_message_content) | `LLMOBS_CAPTURE_MESSAGE_CONTENT`, else `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` | true |
/// | [`stderr_notice`](Self::stderr_notice) | `LLMOBS_STDERR_NOTICE` | true |
/// | [`max_queue_bytes`](Self::max_queue_bytes) | | 32 MiB |
///
/// The variables and their defaults are those of Datadog's own SDKs, except for those that begin with `LLMOBS_` or `OTEL_`. Other variables
/// of those SDKs have no effect: the table of differences from the Python SDK lists those that concern LLM Observability. An empty variable
/// counts as absent, except for `DD_SITE`; so does an empty application or API key that a program sets. An invalid value also counts as
/// absent, or as false where true or false is expected, with a warning that names the variable and not the value.
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
    /// Whether the environment or the program chose a destination, so that the default exporter is not used.
    destination_given: bool,
    warnings: Vec<String>,
    /// How many sampling rules the program set. They come first.
    own_rules: usize,
    settings: Settings,
}

/// Omits addresses and keys, which may be secret.
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
    /// Creates a configuration from the environment.
    pub fn from_env() -> Self {
        Self::read(&|name| std::env::var_os(name))
    }

    /// Creates a configuration with the defaults, without the environment: for programs with another configuration source, and for tests.
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
        reason = "`default` would not show whether it reads the environment"
    )]
    pub fn new() -> Self {
        Self::read(&|_| None)
    }

    /// Reads the variables that `lookup` returns.
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

    /// Sets the application that spans belong to, such as `support-bot`. A function or span can override it.
    pub fn ml_app<Form>(mut self, ml_app: impl Label<Form>) -> Self {
        replace(&mut self.settings.ml_app, given(ml_app));
        self
    }

    /// Chooses where spans go: true sends straight to Datadog, which needs an API key; false sends to an Agent. An Agent is not asked then
    /// whether it accepts spans.
    pub fn agentless(mut self, agentless: impl Into<Option<bool>>) -> Self {
        let agentless = agentless.into();
        self.destination_given |= agentless.is_some();
        replace(&mut self.settings.agentless, agentless);
        self
    }

    /// Sets the API key for sending straight to Datadog. It is never logged, and `Debug` does not show it.
    pub fn api_key<Form>(mut self, api_key: impl Label<Form>) -> Self {
        let given = given(api_key).map(Secret::new).filter(|key| !key.reveal().is_empty());
        self.destination_given |= given.is_some();
        self.settings.api_key = given.or(self.settings.api_key);
        self
    }

    /// Sets the Datadog site, such as `datadoghq.eu`.
    pub fn site<Form>(mut self, site: impl Label<Form>) -> Self {
        set(&mut self.settings.site, site);
        self
    }

    /// Sets the environment, such as `production`, which is sent as the tag `env`.
    pub fn env<Form>(mut self, env: impl Label<Form>) -> Self {
        set(&mut self.settings.identity.env, env);
        self
    }

    /// Sets the service, which is sent as the tag `service`, and is the application if none is set.
    pub fn service<Form>(mut self, service: impl Label<Form>) -> Self {
        set(&mut self.settings.identity.service, service);
        self
    }

    /// Sets the version of the program, which is sent as the tag `version`.
    pub fn version<Form>(mut self, version: impl Label<Form>) -> Self {
        set(&mut self.settings.identity.version, version);
        self
    }

    /// Adds a tag to every span. Tags that llmobs or an annotation sets override it.
    pub fn tag<Form>(mut self, key: impl Into<String>, value: impl Label<Form>) -> Self {
        if let Some(value) = text_of(value) {
            self.settings.identity.tags.insert(key.into(), value);
        }
        self
    }

    /// Sets the share of traces that Datadog keeps, between 0.0 (none) and 1.0 (all). Any other number is ignored, with a warning.
    ///
    /// The decision is made once for each trace and recorded on each of its spans. All spans are sent; Datadog applies the decision.
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

    /// Adds a rule that samples some traces instead of the [`sample_rate`](Self::sample_rate). The first matching rule applies. Rules from
    /// the environment come after those of the program.
    ///
    /// Rules look at the tags that the first span of a trace has when the first of its spans finishes, or when the trace is
    /// [injected](crate::inject) into the headers of a request.
    pub fn sampling_rule(mut self, rule: impl Into<Option<SamplingRule>>) -> Self {
        if let Some(rule) = rule.into() {
            self.settings.sampler.rules.insert(self.own_rules, rule);
            self.own_rules += 1;
        }
        self
    }

    /// Sets a function that returns the current span of an APM tracer in the same program, so that LLM spans link to its traces, and
    /// [injected](crate::inject) requests continue them. The function is called when a span starts and when headers are written. For
    /// OpenTelemetry, use the macro `llmobs::opentelemetry_context!()`. Default: none; each trace gets a separate APM id.
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

    /// Sets a function that processes each finished span first. It returns the span to send, or `None` to drop it. Children of a dropped
    /// span are still sent.
    ///
    /// The function runs on a thread of llmobs: spans that it makes are not recorded, and a slow function delays delivery. If it panics,
    /// the span is sent without input, output, metadata and error message, and is counted in [`Report::stripped`](crate::Report::stripped).
    /// A second processor replaces the first.
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

    /// Sets the address of the Agent: a URL such as `http://localhost:8126`, or a Unix socket such as `unix:///var/run/datadog/apm.socket`.
    /// Default: that socket if it exists, else that URL.
    pub fn agent_url<Form>(mut self, agent_url: impl Label<Form>) -> Self {
        if let Some(agent_url) = text_of(agent_url) {
            self.settings.agent_url = Some(agent_url);
            self.destination_given = true;
        }
        self
    }

    /// Replaces scheme, host and port of the URL that spans are sent to, for example by `http://localhost:9126` for a proxy or a test
    /// server. A path in it is put before the path of the API.
    pub fn override_origin<Form>(mut self, origin: impl Label<Form>) -> Self {
        if let Some(origin) = text_of(origin) {
            self.settings.override_origin = Some(origin).filter(|origin| !origin.is_empty());
            self.destination_given = true;
        }
        self
    }

    /// Sets whether spans go to Datadog's documented [HTTP API](https://docs.datadoghq.com/llm_observability/instrumentation/api/) instead
    /// of the intake that its SDKs use, directly or through an Agent. Default: false.
    ///
    /// The API accepts less: links between spans, the agents that spans and costs are attributed to, and sampling are left out. Use it for
    /// accounts in which spans from the intake do not show up. Evaluations have the same address either way.
    ///
    /// ```no_run
    /// # use llmobs_runtime as llmobs;
    /// let _llmobs = llmobs::Config::from_env().public_api(true).init();
    /// ```
    pub fn public_api(mut self, public_api: impl Into<Option<bool>>) -> Self {
        self.settings.public_api = public_api.into().unwrap_or(self.settings.public_api);
        self
    }

    /// Sets where spans go.
    pub fn exporter(mut self, exporter: impl Into<Option<Exporter>>) -> Self {
        replace(&mut self.exporter, exporter.into());
        self
    }

    /// Delivers spans and evaluations with a [transport](crate::transport::Transport) of the program instead of an exporter.
    /// [`init`](Self::init) calls `open` on the thread of the caller.
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

    /// Sets where spans go by default: if there is no [`exporter`](Self::exporter), and neither the environment nor the program sets an API
    /// key, an Agent, or whether to use one. It is meant for examples: an application that prints prompts because a variable is missing
    /// leaks them.
    pub fn default_exporter(mut self, exporter: impl Into<Option<Exporter>>) -> Self {
        replace(&mut self.default_exporter, exporter.into());
        self
    }

    /// Sets how long a finished span waits for others to share its request. Default: one second.
    pub fn flush_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.settings.interval = interval.into().unwrap_or(self.settings.interval);
        self
    }

    /// Sets how long one attempt to deliver may take, at most a day. Large requests get one more second for each 250 kB, and a receiver
    /// that has been slow gets up to eight times as long. Default: five seconds.
    ///
    /// The waits between attempts depend on it: they are random, at first up to a fiftieth of it, and later up to six times as long. While
    /// all requests are refused, as with a wrong key, there is an attempt after twelve times this timeout, and with each
    /// [`flush`](crate::flush).
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.settings.timeout = timeout.into().unwrap_or(self.settings.timeout).min(MAX_TIMEOUT);
        self
    }

    /// Sets the budget of each value that spans capture, in bytes of JSON, at most 1 GiB. In a larger value, base64 is replaced by its type
    /// and size, long strings lose their middle, and long lists keep their first elements and the last one. Default: 1 MiB.
    ///
    /// Typed values, such as the variables of a [`Prompt`](crate::prompt::Prompt), and evaluations are shortened to 1 MiB even if this
    /// budget is larger.
    pub fn max_capture_bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.settings.capture_limit =
            bytes.into().unwrap_or(self.settings.capture_limit).min(MAX_CAPTURE_LIMIT);
        self
    }

    /// Sets whether spans show the message and the sources of the errors and panics that they end with. False keeps only the type, for
    /// errors that repeat the input or output. Default: true.
    ///
    /// This applies to what llmobs captures automatically. Errors that a program annotates, as with
    /// [`Annotation::error`](crate::Annotation::error), are always shown. The option `skip_error` of the attributes does the same for one
    /// function.
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

    /// Sets whether spans of integrations show the content of requests to models and of their responses: messages, documents, tool
    /// definitions, and texts in parameters. False keeps model, tokens, finish reasons, numeric parameters, and types of errors. Default:
    /// true.
    ///
    /// The variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` of OpenTelemetry sets this for all SDKs: `false` and `NO_CONTENT`
    /// mean false. What attributes capture is set by their own options.
    pub fn capture_message_content(mut self, capture: impl Into<Option<bool>>) -> Self {
        self.settings.capture_message_content =
            capture.into().unwrap_or(self.settings.capture_message_content);
        self
    }

    /// Sets whether llmobs reports lost spans on standard error: once per process, and only if no logger takes its warnings. Default: true.
    pub fn stderr_notice(mut self, notice: impl Into<Option<bool>>) -> Self {
        self.settings.stderr_notice = notice.into().unwrap_or(self.settings.stderr_notice);
        self
    }

    /// Sets how many bytes of memory spans may take, from their start until they are delivered or lost. When nine tenths are taken, spans
    /// lose their input, output and metadata; when all is taken, further spans are not recorded, and are counted as dropped. Requests that
    /// are being sent take up to 10 MiB more. Default: 32 MiB.
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

    /// Returns the warnings about the current configuration.
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
