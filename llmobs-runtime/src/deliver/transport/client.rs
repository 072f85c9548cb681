//! Requests to one endpoint, and their outcome.

use std::io::{ErrorKind, Read as _};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ureq::config::Config;
use ureq::http::{HeaderName, HeaderValue, Response, StatusCode};
use ureq::{Agent, Body, Error, SendBody};

use super::connector::{Progress, Secrets};
use super::dial::Dialer;
use super::endpoint::{Endpoint, Intake};
use super::resolver::Names;
use super::{Failure, FailureKind, address, wait};
use crate::deliver::report::DropReason;
use crate::deliver::settings::Settings;

/// The lowest speed that a link is expected to have, in bytes a second. Large requests get more time.
const SLOWEST: u64 = 250_000;
/// The smallest body worth compressing, in bytes.
const MIN_COMPRESSED: usize = 16 * 1024;
/// The most of a response that is read to free its connection for the next request, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// The longest time for reading that.
const MAX_ANSWER_TIME: Duration = Duration::from_secs(1);
/// The largest factor by which the timeout is multiplied for a slow receiver.
const MAX_TIMEOUT_FACTOR: u32 = 8;
/// Servers do not close a connection because of a body up to this size, in bytes.
const SMALL: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    endpoint: Endpoint,
    secrets: Arc<Secrets>,
    timeout: Duration,
    /// The factor by which the timeout is multiplied, for a receiver that has been slow.
    timeout_factor: u32,
    /// Whether large requests with spans are compressed. Requests to an Agent and on this machine are not, because sending is cheap there.
    compresses: bool,
    /// Whether the last request was large and its connection was closed.
    was_reset: bool,
}

/// Why a request was not accepted.
pub(super) struct Refusal {
    pub(super) failure: Failure,
    /// Whether the endpoint cannot be reached or does not accept spans, so that another one is needed.
    pub(super) is_wrong_endpoint: bool,
}

/// One attempt that failed.
enum Lost {
    Answer(StatusCode, Option<Duration>),
    Error(Error, Progress),
}

impl Client {
    pub(super) fn new(endpoint: Endpoint, settings: &Settings, names: Names) -> Self {
        let config = address::client(endpoint.url(Intake::Spans), settings.timeout);
        Self::with_config(endpoint, settings, names, config)
    }

    pub(super) fn with_config(endpoint: Endpoint, settings: &Settings, names: Names, config: Config) -> Self {
        let mut headers = settings.additional_headers.clone();
        // A key that is not a valid header was refused when the endpoint was made.
        let key = endpoint.api_key.as_ref().and_then(|key| HeaderValue::from_str(key.reveal()).ok());
        headers.extend(key.map(|key| (HeaderName::from_static("dd-api-key"), key)));
        let origins = [Intake::Spans, Intake::Evaluations].map(|intake| endpoint.url(intake).clone());
        let secrets = Secrets::new(origins, &headers);
        let agent = secrets.agent(config, Dialer::new(endpoint.socket.clone()), names);
        let compresses = cfg!(feature = "gzip") && endpoint.is_native_intake;
        Self {
            agent,
            endpoint,
            secrets,
            timeout: settings.timeout,
            timeout_factor: 1,
            compresses,
            was_reset: false,
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn post(&mut self, intake: Intake, body: &mut String) -> Result<(), Refusal> {
        let begun = Instant::now();
        let mut sent = self.attempts(intake, body);
        match &sent {
            Err(Lost::Error(_, progress)) if progress.sent => {
                self.timeout_factor = (self.timeout_factor * 2).min(MAX_TIMEOUT_FACTOR);
            }
            Err(Lost::Error(..)) => {}
            _ if begun.elapsed() > self.timeout => {}
            _ => self.timeout_factor = 1,
        }
        if let Err(Lost::Answer(StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE, _)) = sent
            && self.should_compress(intake, body)
        {
            self.compresses = false;
            sent = self.attempts(intake, body);
        }
        let was_reset = std::mem::take(&mut self.was_reset);
        let Err(lost) = sent else { return Ok(()) };
        let url = self.endpoint.shown(intake);
        Err(match lost {
            Lost::Answer(status, wait) => {
                let kind = meaning(status);
                let message = format!("{url} answers {status}{}", self.advice(status));
                let is_wrong_endpoint = kind == FailureKind::Denied;
                let wait = wait.filter(|_| kind == FailureKind::Unavailable);
                Refusal { failure: Failure { kind, wait, message }, is_wrong_endpoint }
            }
            Lost::Error(error, progress) => {
                // The system accepts a large body before the server reads it. A server that has read all of it ends the connection and does
                // not reset it.
                let is_large = body.len() > SMALL;
                let is_reset = progress.reset || is_large && !progress.answered && is_reset(&error);
                let is_certificate = error.to_string().contains("invalid peer certificate");
                let (kind, message) = if is_certificate {
                    let advice = "its certificate was refused, and nothing was sent: check DD_SITE, the clock, and whether a proxy intercepts TLS";
                    (FailureKind::Denied, format!("{url}: {advice} ({error})"))
                } else if progress.no_http {
                    let advice = "did not answer with HTTP: check that the address is right";
                    (FailureKind::Unavailable, format!("{url} {advice}"))
                } else if progress.sent && !is_reset {
                    (FailureKind::Unanswered, format!("{url} received a request and did not answer: {error}"))
                } else if is_reset && is_large && was_reset {
                    let bytes = body.len();
                    let message = format!("{url} closed the connection during a request of {bytes} bytes");
                    (FailureKind::TooLarge, message)
                } else {
                    self.was_reset = is_reset && is_large;
                    let advice = if progress.started {
                        ""
                    } else {
                        "; check that it is running and can be reached from here"
                    };
                    (FailureKind::Unavailable, format!("{url} does not answer: {error}{advice}"))
                };
                let is_wrong_endpoint = !progress.started || progress.no_http;
                Refusal { failure: Failure::new(kind, message), is_wrong_endpoint }
            }
        })
    }

    /// Whether a request is compressed.
    fn should_compress(&self, intake: Intake, body: &str) -> bool {
        self.compresses && intake == Intake::Spans && body.len() >= MIN_COMPRESSED
    }

    /// Makes one attempt, and a second one if the server had already closed the connection, which shows only when a request is sent.
    fn attempts(&self, intake: Intake, body: &mut String) -> Result<(), Lost> {
        match self.attempt(intake, body) {
            Err(Lost::Error(error, progress))
                if !progress.fresh && !progress.answered && progress.started && !is_timeout(&error) =>
            {
                self.attempt(intake, body)
            }
            sent => sent,
        }
    }

    fn attempt(&self, intake: Intake, body: &mut String) -> Result<(), Lost> {
        let bytes = body.len();
        let compressed = if self.should_compress(intake, body) { gzip(body) } else { None };
        let timeout =
            self.timeout * self.timeout_factor + Duration::from_millis(bytes as u64 * 1000 / SLOWEST);
        let mut request = self
            .agent
            .post(self.endpoint.url(intake).clone())
            .header("content-type", "application/json")
            .header("content-length", compressed.as_ref().map_or(bytes, Vec::len));
        if compressed.is_some() {
            request = request.header("content-encoding", "gzip");
        }
        if let Some(subdomain) = self.endpoint.evp_subdomain(intake) {
            request = request.header("x-datadog-evp-subdomain", subdomain);
        }
        let request = request.config();
        let request = request.timeout_global(Some(timeout)).timeout_recv_body(Some(MAX_ANSWER_TIME)).build();
        let mut body = match compressed {
            Some(compressed) => self.secrets.bytes(compressed),
            None => self.secrets.body(body),
        };
        let response = match request.send(SendBody::from_reader(&mut body)) {
            Ok(response) => response,
            Err(error) => {
                let progress = self.secrets.progress();
                // The status counts even if the rest of the response is broken.
                let status = progress.status.and_then(|status| StatusCode::from_u16(status).ok());
                return match status {
                    Some(status) if status.is_success() => Ok(()),
                    Some(status) => Err(Lost::Answer(status, None)),
                    None => Err(Lost::Error(error, progress)),
                };
            }
        };
        let status = response.status();
        let wait = wait::requested(status, response.headers(), SystemTime::now());
        read_to_end(response);
        if status.is_success() { Ok(()) } else { Err(Lost::Answer(status, wait)) }
    }

    /// Returns advice for the user about a response.
    fn advice(&self, status: StatusCode) -> &'static str {
        let is_direct = self.endpoint.api_key.is_some();
        match status.as_u16() {
            300..=399 => {
                "; redirects are not followed, because they would receive the API key: check the address"
            }
            401 | 403 if is_direct => "; check DD_API_KEY, and that DD_SITE is the site of that key",
            401 | 403 => "; check the API key and the site of the Agent",
            404 if is_direct => "; check DD_SITE and DD_LLMOBS_OVERRIDE_ORIGIN",
            404 => "; the Agent may be too old for LLM Observability",
            _ => "",
        }
    }
}

/// Compresses a text with gzip. The fastest level takes 14 ns per byte, and leaves a third.
#[cfg(feature = "gzip")]
fn gzip(text: &str) -> Option<Vec<u8>> {
    use std::io::Write as _;
    let compressed = Vec::with_capacity(text.len() / 2);
    let mut encoder = flate2::write::GzEncoder::new(compressed, flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

#[cfg(not(feature = "gzip"))]
fn gzip(_: &str) -> Option<Vec<u8>> {
    None
}

/// Returns how a request with this response can be handled.
fn meaning(status: StatusCode) -> FailureKind {
    match status.as_u16() {
        408 | 425 | 429 | 500.. => FailureKind::Unavailable,
        413 => FailureKind::TooLarge,
        400 | 415 | 422 => FailureKind::Invalid,
        300..=399 | 401 | 403 | 404 => FailureKind::Denied,
        _ => FailureKind::Permanent(DropReason::Rejected),
    }
}

fn is_reset(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::ConnectionReset)
}

fn is_timeout(error: &Error) -> bool {
    matches!(error, Error::Timeout(_))
}

/// Reads the rest of a response, so that the next request can use its connection. If there is too much of it, the connection is closed. The
/// content is irrelevant, and blank: see [`ResponseFilter`](super::response::ResponseFilter).
fn read_to_end(response: Response<Body>) {
    let mut body = response.into_body().into_reader();
    let mut buffer = [0; 4096];
    let mut left = MAX_ANSWER;
    while let Ok(1..) = body.read(&mut buffer).inspect(|read| left = left.saturating_sub(*read)) {
        if left == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
