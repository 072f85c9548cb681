//! Environment variables, with a warning for each invalid one.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::Ipv6Addr;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderName, HeaderValue};

use super::Exporter;
use super::repository::without_credentials;
use crate::model::sampling::SamplingRule;

pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

pub(super) struct Environment<'a> {
    lookup: Lookup<'a>,
    warnings: Vec<String>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(lookup: Lookup<'a>) -> Self {
        Self { lookup, warnings: Vec::new() }
    }

    /// Returns one warning for each invalid variable. Warnings name the variable and never its value, which may be a secret in the wrong
    /// place.
    pub(super) fn warnings(mut self) -> Vec<String> {
        self.warnings.sort();
        self.warnings.dedup();
        self.warnings
    }

    fn reject<T>(&mut self, name: &str, wanted: &str) -> Option<T> {
        self.warnings.push(format!("{name} is ignored: it should be {wanted}"));
        None
    }

    /// The text of a variable, which may be empty.
    pub(super) fn text_or_empty(&mut self, name: &str) -> Option<String> {
        match (self.lookup)(name)?.into_string() {
            Ok(text) => Some(text.trim().to_owned()),
            Err(_) => self.reject(name, "valid UTF-8"),
        }
    }

    /// Whether a variable has a value, valid or not.
    pub(super) fn is_given(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|value| !value.to_string_lossy().trim().is_empty())
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.text_or_empty(name).filter(|text| !text.is_empty())
    }

    /// Reads a flag. A value that is neither true nor false counts as false, as in the reference SDK.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?.to_ascii_lowercase();
        match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => {
                self.warnings.push(format!("{name} counts as false: it should be true, 1, false or 0"));
                Some(false)
            }
        }
    }

    /// Reads whether content is captured: a flag, or one of OpenTelemetry's modes, which also name a destination.
    pub(super) fn content_mode(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?.to_ascii_lowercase();
        match text.as_str() {
            "true" | "span_only" | "event_only" | "span_and_event" => Some(true),
            "false" | "no_content" => Some(false),
            _ => {
                let modes = "true, false, NO_CONTENT, SPAN_ONLY, EVENT_ONLY or SPAN_AND_EVENT";
                self.warnings.push(format!("{name} counts as false: it should be {modes}"));
                Some(false)
            }
        }
    }

    pub(super) fn seconds(&mut self, name: &str) -> Option<Duration> {
        let seconds: Option<f64> = self.text(name)?.parse().ok();
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration
            .filter(|duration| !duration.is_zero())
            .or_else(|| self.reject(name, "a number of seconds above zero"))
    }

    pub(super) fn bytes(&mut self, name: &str) -> Option<usize> {
        let bytes = self.text(name)?.parse().ok().filter(|bytes| *bytes > 0);
        bytes.or_else(|| self.reject(name, "a whole number of bytes above zero"))
    }

    pub(super) fn exporter(&mut self, name: &str) -> Option<Exporter> {
        let text = self.text(name)?;
        match text.split_once(':') {
            None if text.eq_ignore_ascii_case("http") => Some(Exporter::Http),
            None if text.eq_ignore_ascii_case("console") => Some(Exporter::Console),
            Some((file, path)) if file.eq_ignore_ascii_case("file") && !path.is_empty() => {
                Some(Exporter::File(path.into()))
            }
            _ => self.reject(name, "http, console or file:PATH"),
        }
    }

    /// Reads `key:value` pairs separated by commas or spaces. A pair without a colon or key is left out.
    pub(super) fn tags(&mut self, name: &str) -> BTreeMap<String, String> {
        let text = self.text(name).unwrap_or_default();
        let mut tags = BTreeMap::new();
        for pair in text.split([',', ' ']).filter(|pair| !pair.is_empty()) {
            match pair.split_once(':') {
                Some((key @ "git.repository_url", url)) => {
                    tags.insert(key.to_owned(), without_credentials(url));
                }
                Some((key, value)) if !key.is_empty() => {
                    tags.insert(key.to_owned(), value.to_owned());
                }
                _ => self.warnings.push(format!("a part of {name} is ignored: it should be key:value pairs")),
            }
        }
        tags
    }

    /// Reads a URL or the path of a Unix socket. Returns `None` if no variable sets the address of the Agent.
    pub(super) fn agent_url(&mut self) -> Option<String> {
        if let Some(url) = self.text("DD_TRACE_AGENT_URL") {
            if ["http://", "https://", "unix:", "/"].iter().any(|scheme| url.starts_with(scheme)) {
                return Some(url);
            }
            self.reject::<()>("DD_TRACE_AGENT_URL", "a URL such as http://localhost:8126");
        }
        let mut first =
            |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, self.text(name)?)));
        let host = first(["DD_TRACE_AGENT_HOSTNAME", "DD_AGENT_HOST"]).map(|(_, host)| host);
        let port = first(["DD_TRACE_AGENT_PORT", "DD_AGENT_PORT"]);
        let port = port.and_then(|(name, port)| match port.parse() {
            Ok(port) if port != 0 => Some(port),
            _ => self.reject(name, "a port number"),
        });
        if host.is_none() && port.is_none() {
            return None;
        }
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let host = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host };
        Some(format!("http://{host}:{}", port.unwrap_or(8126_u16)))
    }

    /// Reads a number between 0 and 1.
    pub(super) fn rate(&mut self, name: &str) -> Option<f64> {
        let rate = self.text(name)?.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        rate.or_else(|| self.reject(name, "a number between 0 and 1"))
    }

    pub(super) fn sampling_rules(&mut self, name: &str) -> Vec<SamplingRule> {
        let Some(text) = self.text(name) else { return Vec::new() };
        let Ok(Value::Array(rules)) = serde_json::from_str(&text) else {
            self.reject::<()>(
                name,
                r#"a JSON list such as [{"sample_rate": 0.5, "tags": {"env": "prod*"}}]"#,
            );
            return Vec::new();
        };
        let read = rules.iter().enumerate().filter_map(|(index, rule)| {
            let refused = |problem| format!("rule {} of {name} is ignored: it {problem}", index + 1);
            SamplingRule::read(rule).map_err(|problem| self.warnings.push(refused(problem))).ok()
        });
        read.collect()
    }

    /// Reads the repository and the commit that the program was built from, as tags. `git` itself is not run.
    pub(super) fn git(&mut self) -> BTreeMap<String, String> {
        if self.flag("DD_TRACE_GIT_METADATA_ENABLED") == Some(false) {
            return BTreeMap::new();
        }
        let url = self.text("DD_GIT_REPOSITORY_URL").map(|url| without_credentials(&url));
        let commit = self.text("DD_GIT_COMMIT_SHA");
        let tags = [("git.repository_url", url), ("git.commit.sha", commit)];
        tags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// Reads `name:value` pairs separated by commas.
    pub(super) fn headers(&mut self, name: &str) -> Vec<(HeaderName, HeaderValue)> {
        let text = self.text(name).unwrap_or_default();
        let mut headers = Vec::new();
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let header = pair.split_once(':').and_then(|(name, value)| {
                let mut value = HeaderValue::from_str(value.trim()).ok()?;
                value.set_sensitive(true);
                Some((HeaderName::try_from(name.trim()).ok()?, value))
            });
            match header {
                Some((header, _)) if OWN_HEADERS.contains(&header.as_str()) => {
                    self.warnings
                        .push(format!("a part of {name} is ignored: llmobs sets that header itself"));
                }
                Some((header, value)) => {
                    headers.retain(|(other, _)| *other != header);
                    headers.push((header, value));
                }
                None => self.warnings.push(format!("a part of {name} is ignored: it should be name:value")),
            }
        }
        headers
    }
}

/// Headers that llmobs sets, or that control how a request is sent.
const OWN_HEADERS: [&str; 13] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "dd-api-key",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-datadog-evp-subdomain",
];
