//! Receives and decompresses the bodies of requests, within limits.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body, both as sent and decompressed. SDKs send at most 5 MiB.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most bytes of all bodies that are received and not yet stored. Other requests wait.
const BUDGET_BYTES: usize = 32 * 1024 * 1024;
/// The most bytes of a body that may arrive before it takes its part of the budget. Slow bodies thus do not hold the budget.
const BEGINNING_BYTES: usize = 64 * 1024;
/// How long a body may take to arrive, without the time that it waits for its part of the budget.
const TIMEOUT: Duration = Duration::from_secs(8);
/// The unit of the budget. Sizes are rounded up to it.
const UNIT_BYTES: usize = 1024;
/// The largest window of zstd. The largest body fits into it.
const WINDOW_LOG: u32 = 24;

/// The status and the reason for the refusal of a body.
pub(super) type Refusal = (StatusCode, String);

/// The memory for bodies.
#[derive(Clone, Debug)]
pub(super) struct BodyBudget(Arc<Semaphore>);

/// A body as it arrived.
#[derive(Debug)]
pub(super) struct ReceivedBody {
    bytes: Vec<u8>,
    encoding: Encoding,
    /// The part of the budget of the body. Held until the body is stored.
    pub(super) permit: OwnedSemaphorePermit,
}

/// The compression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

impl BodyBudget {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(BUDGET_BYTES / UNIT_BYTES)))
    }

    /// Receives a body.
    pub(super) async fn receive(&self, headers: &HeaderMap, body: Body) -> Result<ReceivedBody, Refusal> {
        let encoding = Encoding::of(headers)?;
        let length =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > MAX_BYTES) {
            return Err(too_large(""));
        }
        let mut arriving = ArrivingBody { body, bytes: Vec::new() };
        let complete = arriving.receive(BEGINNING_BYTES).await?;
        // A body without a length may reach the limit. All permits are taken at once, because two bodies that
        // each wait for the rest would wait forever.
        let most = if complete { arriving.bytes.len() } else { length.unwrap_or(MAX_BYTES) };
        let units = u32::try_from(most.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.0).acquire_many_owned(units).await;
        let permit =
            permit.map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, "llmobs is shutting down".to_owned()))?;
        if !complete {
            arriving.bytes.reserve_exact(length.unwrap_or_default().saturating_sub(arriving.bytes.len()));
            arriving.receive(usize::MAX).await?;
        }
        Ok(ReceivedBody { bytes: arriving.bytes, encoding, permit })
    }
}

/// A body that is still arriving.
struct ArrivingBody {
    body: Body,
    bytes: Vec<u8>,
}

impl ArrivingBody {
    /// Receives the body, or at least this many bytes of it. Returns whether the body is complete.
    async fn receive(&mut self, until_bytes: usize) -> Result<bool, Refusal> {
        let late = |_| (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time".to_owned());
        tokio::time::timeout(TIMEOUT, self.collect(until_bytes)).await.map_err(late)?
    }

    async fn collect(&mut self, until_bytes: usize) -> Result<bool, Refusal> {
        while self.bytes.len() < until_bytes {
            let Some(frame) = self.body.frame().await else { return Ok(true) };
            let frame = frame
                .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body was interrupted: {error}")))?;
            let Ok(data) = frame.into_data() else { continue };
            if self.bytes.len() + data.len() > MAX_BYTES {
                return Err(too_large(""));
            }
            self.bytes.extend_from_slice(&data);
        }
        Ok(false)
    }
}

impl ReceivedBody {
    /// Returns the decompressed body.
    pub(super) fn decompressed(&self) -> Result<Cow<'_, [u8]>, Refusal> {
        let bytes = self.bytes.as_slice();
        match self.encoding {
            Encoding::Identity => Ok(Cow::Borrowed(bytes)),
            Encoding::Gzip => inflate("gzip", MultiGzDecoder::new(bytes)),
            // `deflate` means zlib, but some programs omit its header.
            Encoding::Deflate if is_zlib(bytes) => inflate("deflate", ZlibDecoder::new(bytes)),
            Encoding::Deflate => inflate("deflate", DeflateDecoder::new(bytes)),
            Encoding::Zstd => inflate("zstd", zstd(bytes).map_err(|error| broken("zstd", &error))?),
        }
    }
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        let (first, second) = (values.next(), values.next());
        let Some(first) = first else { return Ok(Self::Identity) };
        let word = first.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        match word.as_str() {
            _ if second.is_some() => Err(unknown("several")),
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" | "x-deflate" => Ok(Self::Deflate),
            "zstd" => Ok(Self::Zstd),
            _ => Err(unknown(&format!("{word:.40?}"))),
        }
    }
}

fn unknown(found: &str) -> Refusal {
    let reason = format!("`Content-Encoding` is {found}: expected gzip, deflate, zstd or identity");
    (StatusCode::UNSUPPORTED_MEDIA_TYPE, reason)
}

fn too_large(when: &str) -> Refusal {
    let reason = format!("the body is larger than 16 MiB{when}: send several requests");
    (StatusCode::PAYLOAD_TOO_LARGE, reason)
}

fn broken(encoding: &str, error: &io::Error) -> Refusal {
    (StatusCode::BAD_REQUEST, format!("the body cannot be decompressed as {encoding}: {error}"))
}

pub(super) fn inflate<'a>(encoding: &str, reader: impl Read) -> Result<Cow<'a, [u8]>, Refusal> {
    let mut inflated = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut inflated).map_err(|error| broken(encoding, &error))?;
    if inflated.len() > MAX_BYTES {
        return Err(too_large(" when decompressed"));
    }
    Ok(Cow::Owned(inflated))
}

/// Whether a body begins with the header of RFC 1950.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..] if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn zstd(bytes: &[u8]) -> io::Result<impl Read> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}
