//! The address that spans and evaluations are posted to: Datadog's intake, an Agent, or an origin that replaces either.

use std::fmt;
use std::path::{Path, PathBuf};

use ureq::http::{HeaderValue, Uri};

use llmobs_capture::warn_limited;

use super::address::is_loopback;
use super::public_api;
use crate::base::error::Error;
use crate::base::secret::Secret;
use crate::deliver::settings::Settings;

const SPANS_HOST: &str = "llmobs-intake";
const SPANS_PATH: &str = "/api/v2/llmobs";
/// The host of evaluations, and of the public API.
const EVALUATIONS_HOST: &str = "api";
const EVALUATIONS_PATH: &str = "/api/intake/llm-obs/v2/eval-metric";
pub(super) const EVP_PROXY: &str = "/evp_proxy/v2";

const OVERRIDE_ORIGIN: &str = "DD_LLMOBS_OVERRIDE_ORIGIN";

/// What is sent, which decides the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intake {
    Spans,
    Evaluations,
}

/// An address and its headers.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    spans: Uri,
    evaluations: Uri,
    /// The Datadog host that accepts the spans, without its site.
    spans_host: &'static str,
    /// The key for sending straight to Datadog. An Agent adds its own.
    pub(super) api_key: Option<Secret>,
    /// Whether this is Datadog's own intake.
    pub(super) is_native_intake: bool,
    /// The Unix socket that the server listens on.
    pub(super) socket: Option<PathBuf>,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(Intake::Spans))?;
        f.write_str(if self.api_key.is_none() { ", through an Agent" } else { "" })
    }
}

impl Endpoint {
    /// Straight to Datadog, with the API key.
    pub(super) fn intake(settings: &Settings) -> Result<Self, Error> {
        let api_key = settings.api_key.clone().ok_or(Error::MissingApiKey)?;
        HeaderValue::from_str(api_key.reveal()).map_err(|_| Error::InvalidApiKey)?;
        if settings.site.is_empty() {
            return Err(Error::MissingSite);
        }
        // The key must not go to evil.example because the site was "x@evil.example" or "evil.example/".
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if settings.site.len() > 253 || !settings.site.bytes().all(is_host) {
            return Err(Error::InvalidSite);
        }
        let (spans_host, spans_path) = spans_intake(settings);
        let (spans, evaluations) = if let Some(origin) = &settings.override_origin {
            let origin = Origin::new(origin, OVERRIDE_ORIGIN)?;
            (origin.clone(), origin)
        } else {
            let site = &settings.site;
            let origin = |host| Origin::new(&format!("https://{host}.{site}"), "DD_SITE");
            (origin(spans_host)?, origin(EVALUATIONS_HOST)?)
        };
        let url = spans.url(spans_path)?;
        if url.scheme_str() == Some("http") && !url.host().is_some_and(is_loopback) {
            let setting = spans.setting;
            warn_limited!("{setting} is an http address of another machine: the API key is sent unencrypted");
        }
        let evaluations = evaluations.url(EVALUATIONS_PATH)?;
        let is_native_intake = settings.override_origin.is_none() && !settings.public_api;
        let (api_key, socket) = (Some(api_key), spans.socket);
        Ok(Self { spans: url, evaluations, spans_host, api_key, is_native_intake, socket })
    }

    /// To the Agent at an origin, which adds its own key and passes the spans on.
    pub(super) fn agent(agent: &Origin, settings: &Settings) -> Result<Self, Error> {
        let replacement = settings.override_origin.as_ref();
        let replacement = replacement.map(|origin| Origin::new(origin, OVERRIDE_ORIGIN)).transpose()?;
        // An origin with a path also replaces the proxy of the Agent.
        let has_path = |origin: &Origin| origin.url("").is_ok_and(|url| url.path() != "/");
        let proxy = if replacement.as_ref().is_some_and(has_path) { "" } else { EVP_PROXY };
        let origin = replacement.as_ref().unwrap_or(agent);
        let url = |path| origin.url(&format!("{proxy}{path}"));
        let (spans_host, spans_path) = spans_intake(settings);
        let (spans, evaluations) = (url(spans_path)?, url(EVALUATIONS_PATH)?);
        let socket = origin.socket.clone();
        Ok(Self { spans, evaluations, spans_host, api_key: None, is_native_intake: false, socket })
    }

    pub(super) fn url(&self, intake: Intake) -> &Uri {
        match intake {
            Intake::Spans => &self.spans,
            Intake::Evaluations => &self.evaluations,
        }
    }

    /// Returns the address as messages show it.
    pub(super) fn shown(&self, intake: Intake) -> String {
        let url = self.url(intake);
        match &self.socket {
            Some(socket) => format!("unix://{}{}", socket.display(), url.path()),
            None => url.to_string(),
        }
    }

    /// The intake of Datadog that an Agent passes the request on to.
    pub(super) fn evp_subdomain(&self, intake: Intake) -> Option<&'static str> {
        self.api_key.is_none().then_some(match intake {
            Intake::Spans => self.spans_host,
            Intake::Evaluations => EVALUATIONS_HOST,
        })
    }
}

/// Returns the host that accepts spans, without its site, and the path.
fn spans_intake(settings: &Settings) -> (&'static str, &'static str) {
    if settings.public_api { (EVALUATIONS_HOST, public_api::SPANS_PATH) } else { (SPANS_HOST, SPANS_PATH) }
}

/// Scheme, host and port of a server, and a path before the paths of its API.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    base: String,
    pub(super) socket: Option<PathBuf>,
    /// The variable that sets it.
    setting: &'static str,
}

impl Origin {
    /// Reads a URL, or the path of a Unix socket.
    pub(super) fn new(text: &str, setting: &'static str) -> Result<Self, Error> {
        let path = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:"));
        if let Some(path) = path.or_else(|| text.starts_with('/').then_some(text)) {
            let invalid = Error::InvalidUrl {
                setting,
                problem: "should be the absolute path of a socket after unix://",
            };
            return if path.starts_with('/') { Self::socket(Path::new(path), setting) } else { Err(invalid) };
        }
        let invalid = |problem| Error::InvalidUrl { setting, problem };
        if text.contains(['?', '#']) {
            return Err(invalid(
                "should end with a host, a port or a path, and not with a query or a fragment",
            ));
        }
        let origin = Self { base: text.trim_end_matches('/').to_owned(), socket: None, setting };
        let url = origin.url("")?;
        match url.scheme_str() {
            Some("http") => {}
            Some("https") if cfg!(feature = "tls") => {}
            Some("https") => return Err(Error::NoTls),
            _ => return Err(invalid("should begin with http:// or https://")),
        }
        if url.authority().is_none_or(|authority| authority.as_str().contains('@')) {
            return Err(invalid("should name a host, without a user"));
        }
        Ok(origin)
    }

    pub(super) fn socket(path: &Path, setting: &'static str) -> Result<Self, Error> {
        if cfg!(not(unix)) {
            return Err(Error::UnixSocket { setting });
        }
        // The address is for the `Host` header alone.
        Ok(Self { base: "http://127.0.0.1".to_owned(), socket: Some(path.to_owned()), setting })
    }

    pub(super) fn url(&self, path: &str) -> Result<Uri, Error> {
        let problem = "is not a URL: it should look like http://localhost:8126";
        let invalid = |_| Error::InvalidUrl { setting: self.setting, problem };
        format!("{}{path}", self.base).parse().map_err(invalid)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(socket) => write!(f, "unix://{}", socket.display()),
            None => f.write_str(&self.base),
        }
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;

    fn urls(endpoint: &Endpoint) -> [(String, Option<&'static str>); 2] {
        [Intake::Spans, Intake::Evaluations]
            .map(|intake| (endpoint.shown(intake), endpoint.evp_subdomain(intake)))
    }

    #[test]
    fn spans_and_evaluations_have_different_intakes() {
        let mut settings = Settings {
            api_key: Some(Secret::new("key")),
            site: "datadoghq.eu".to_owned(),
            ..Settings::default()
        };
        assert_eq!(
            urls(&Endpoint::intake(&settings).unwrap()),
            [
                ("https://llmobs-intake.datadoghq.eu/api/v2/llmobs".to_owned(), None),
                ("https://api.datadoghq.eu/api/intake/llm-obs/v2/eval-metric".to_owned(), None),
            ]
        );
        let agent = |base: &str| {
            [
                (format!("{base}/api/v2/llmobs"), Some("llmobs-intake")),
                (format!("{base}/api/intake/llm-obs/v2/eval-metric"), Some("api")),
            ]
        };
        let origin = Origin::new("http://agent:8126/", "").unwrap();
        let proxy = "http://agent:8126/evp_proxy/v2";
        assert_eq!(urls(&Endpoint::agent(&origin, &settings).unwrap()), agent(proxy));
        for (replacement, base) in [
            ("http://other:1", "http://other:1/evp_proxy/v2"),
            ("http://other:1/", "http://other:1/evp_proxy/v2"),
            ("http://other:1/base/path/", "http://other:1/base/path"),
        ] {
            settings.override_origin = Some(replacement.to_owned());
            assert_eq!(urls(&Endpoint::agent(&origin, &settings).unwrap()), agent(base), "{replacement}");
        }
        let settings = Settings { public_api: true, override_origin: None, ..settings };
        let paths = ["/api/intake/llm-obs/v1/trace/spans", "/api/intake/llm-obs/v2/eval-metric"];
        assert_eq!(
            urls(&Endpoint::intake(&settings).unwrap()),
            paths.map(|path| (format!("https://api.datadoghq.eu{path}"), None))
        );
        assert_eq!(
            urls(&Endpoint::agent(&origin, &settings).unwrap()),
            paths.map(|path| (format!("{proxy}{path}"), Some("api")))
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_unix_socket_is_configured_by_url_or_path() {
        for text in ["unix:///run/apm.socket", "unix:/run/apm.socket", "/run/apm.socket"] {
            let origin = Origin::new(text, "").unwrap();
            let endpoint = Endpoint::agent(&origin, &Settings::default()).unwrap();
            assert_eq!(
                endpoint.to_string(),
                "unix:///run/apm.socket/evp_proxy/v2/api/v2/llmobs, through an Agent"
            );
            assert_eq!(
                endpoint.url(Intake::Spans).to_string(),
                "http://127.0.0.1/evp_proxy/v2/api/v2/llmobs"
            );
            assert_eq!(
                (endpoint.socket, origin.to_string()),
                (Some("/run/apm.socket".into()), "unix:///run/apm.socket".to_owned())
            );
        }
        for text in ["unix:", "unix://", "unix://run/apm.socket"] {
            assert!(matches!(Origin::new(text, ""), Err(Error::InvalidUrl { .. })), "{text}");
        }
    }
}
