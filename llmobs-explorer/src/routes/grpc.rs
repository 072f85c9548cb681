//! The routes for OpenTelemetry over gRPC. A request has one message, and its answer has one.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt as _, Full};

use super::App;
use super::body::inflate;
use super::intake::{Outcome, failure, refuse, take};
use super::otlp::{partial_success, reader};
use crate::intake::OtlpEncoding;

pub(super) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(super) const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
pub(super) const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

const KIND: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// The status for an unknown address or encoding.
const UNIMPLEMENTED: u16 = 12;
/// The longest deadline of a request. The timeout of the server is shorter.
const LONGEST: Duration = Duration::from_secs(60);

/// Receives spans.
pub(super) async fn traces(State(app): State<App>, request: Request) -> Response {
    let headers = request.headers();
    let is_gzip = match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => {
            let reason = "`grpc-encoding` is unknown: expected gzip or identity";
            drop(refuse(&app, request, (StatusCode::UNSUPPORTED_MEDIA_TYPE, reason)).await);
            return fail(UNIMPLEMENTED, reason);
        }
    };
    let deadline = deadline(headers);
    let read = reader(&app, headers, OtlpEncoding::Protobuf);
    let outcome = take(&app, request, move |body| read(&message(body, is_gzip)?));
    match tokio::time::timeout(deadline, outcome).await {
        Ok(outcome) => answer(outcome),
        Err(_) => fail(4, "the deadline of the request has passed"),
    }
}

/// Receives metrics and logs, and ignores them.
pub(super) async fn others(State(app): State<App>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match app.body_budget.receive(&head.headers, body).await {
        Ok(_) => succeed(None),
        Err(refusal) => answer(Outcome::Refused(refusal)),
    }
}

/// Whether a request uses gRPC.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(KIND.as_bytes()))
}

/// Returns the answer for an unknown address.
pub(super) fn unknown(reason: &str) -> Response {
    fail(UNIMPLEMENTED, reason)
}

/// Returns the message in a body. The body has a byte for compression, the length, and the message.
fn message(body: &[u8], is_gzip: bool) -> Result<Cow<'_, [u8]>, String> {
    let framed = || -> Option<(u8, &[u8])> {
        let ([compressed, length @ ..], message) = body.split_first_chunk::<5>()?;
        (usize::try_from(u32::from_be_bytes(*length)).ok()? == message.len())
            .then_some((*compressed, message))
    };
    match framed() {
        Some((0, message)) => Ok(message.into()),
        Some((1, message)) if is_gzip => {
            inflate("gzip", MultiGzDecoder::new(message)).map_err(|(_, reason)| reason)
        }
        Some(_) => Err("the message is compressed, but `grpc-encoding` is missing".to_owned()),
        None => Err("the body is not a single gRPC message".to_owned()),
    }
}

/// Returns the time in which the client expects an answer. The header has digits and a unit.
fn deadline(headers: &HeaderMap) -> Duration {
    let read = || {
        let text = headers.get("grpc-timeout")?.to_str().ok()?;
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: u32 = digits.parse().ok()?;
        Some(match unit {
            "H" => Duration::from_secs(3_600) * number,
            "M" => Duration::from_secs(60) * number,
            "S" => Duration::from_secs(1) * number,
            "m" => Duration::from_millis(1) * number,
            "u" => Duration::from_micros(1) * number,
            "n" => Duration::from_nanos(1) * number,
            _ => return None,
        })
    };
    read().map_or(LONGEST, |deadline| deadline.min(LONGEST))
}

fn answer(outcome: Outcome) -> Response {
    let (status, reason) = match outcome {
        Outcome::Stored => return succeed(None),
        Outcome::Partly(rejected) => return succeed(Some((rejected.events, &rejected.reason))),
        Outcome::Refused(refusal) => refusal,
        Outcome::Failed(error) => failure(&error),
    };
    let status = match status {
        StatusCode::PAYLOAD_TOO_LARGE => 8,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => 14,
        StatusCode::INTERNAL_SERVER_ERROR => 13,
        _ => 3,
    };
    fail(status, &reason)
}

/// Returns an answer with a message. Its status is in the trailers.
fn succeed(rejected: Option<(usize, &str)>) -> Response {
    let message = partial_success(rejected);
    let length = u32::try_from(message.len()).unwrap_or_default();
    let framed = [&[0][..], &length.to_be_bytes(), &message].concat();
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from(0_u16))]);
    let body = Full::new(Bytes::from(framed)).with_trailers(std::future::ready(Some(Ok(trailers))));
    respond(Body::new(body))
}

/// Returns an answer without a message.
fn fail(status: u16, reason: &str) -> Response {
    let mut response = respond(Body::empty());
    let headers = response.headers_mut();
    headers.insert(STATUS, HeaderValue::from(status));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity,gzip"));
    if let Ok(reason) = HeaderValue::from_str(&encoded(reason)) {
        headers.insert(MESSAGE, reason);
    }
    response
}

fn respond(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, KIND);
    response
}

/// Encodes a text for a header.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b' '..=b'~' if byte != b'%' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_have_units() {
        let of = |text: &str| {
            deadline(&HeaderMap::from_iter([(
                HeaderName::from_static("grpc-timeout"),
                HeaderValue::from_str(text).unwrap(),
            )]))
        };
        assert_eq!(
            (of("10S"), of("250m"), of("7u")),
            (Duration::from_secs(10), Duration::from_millis(250), Duration::from_micros(7))
        );
        assert_eq!([of("99999999H"), of(""), of("é"), of("1x"), of("S"), of("-1S")], [LONGEST; 6]);
        assert_eq!(deadline(&HeaderMap::new()), LONGEST);
    }

    #[test]
    fn a_body_is_one_message() {
        let read = |body: &[u8], is_gzip| message(body, is_gzip).map(Cow::into_owned);
        assert_eq!(read(b"\0\0\0\0\x02ab", false), Ok(b"ab".to_vec()));
        for body in [&b""[..], b"\0\0\0\0", b"\0\0\0\0\x02a", b"\0\0\0\0\x02abc", b"\0\xff\xff\xff\xffa"] {
            assert_eq!(read(body, false).unwrap_err(), "the body is not a single gRPC message");
        }
        assert!(read(b"\x01\0\0\0\x02ab", false).unwrap_err().starts_with("the message is compressed"));
        assert!(
            read(b"\x01\0\0\0\x02ab", true)
                .unwrap_err()
                .starts_with("the body cannot be decompressed as gzip")
        );
    }

    #[test]
    fn texts_fit_into_headers() {
        assert_eq!(encoded("a 100% \u{e9}\n"), "a 100%25 %C3%A9%0A");
    }
}
