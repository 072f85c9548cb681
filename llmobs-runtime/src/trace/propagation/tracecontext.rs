//! The headers of [W3C Trace Context](https://www.w3.org/TR/trace-context/), with Datadog's part of `tracestate`.

use super::headers::{Headers, Llm, fit};
use crate::base::id::{SpanId, TraceId};
use crate::trace::shared::Upstream;

/// The most that Datadog's part of `tracestate` may hold, in characters.
const MAX_OWN: usize = 256;
/// The longest `tracestate`, in characters, and its most parts.
const MAX_STATE: usize = 512;
const MAX_MEMBERS: usize = 32;

/// Returns `tracestate`: Datadog's part, then those of others as far as they fit.
pub(super) fn state(headers: &Headers) -> String {
    let mut own = format!("dd=p:{};s:{}", headers.span_id.to_hex(), headers.upstream.priority);
    let origin = headers.upstream.origin.iter().map(|origin| ("", format!(";o:{}", encode(origin))));
    // A changed value would name another session or application.
    let as_it_is = |(key, value): &(&str, &str)| !key.starts_with("llmobs_") || !value.contains([';', '~']);
    let tags =
        headers.pairs().filter(as_it_is).map(|(key, value)| (key, format!(";t.{key}:{}", encode(value))));
    own += &fit(origin.chain(tags), MAX_OWN + "dd=".len() - own.len(), |_| ());
    let others = headers.upstream.others.iter().flat_map(|others| others.split(','));
    for member in others.take(MAX_MEMBERS - 1) {
        if own.len() + 1 + member.len() <= MAX_STATE {
            own.push(',');
            own.push_str(member);
        }
    }
    own
}

/// Encodes a value as Datadog's tracers do: `=` becomes `~`, and characters that are not allowed become `_`.
fn encode(value: &str) -> String {
    let encode = |char| match char {
        '=' => '~',
        ',' | ';' | '~' => '_',
        ' '..='}' => char,
        _ => '_',
    };
    value.chars().map(encode).collect()
}

/// Reads the two headers. Returns `None` for an invalid `traceparent`.
pub(super) fn read(parent: &str, state: &str) -> Option<Headers> {
    let mut parts = parent.split('-');
    let version = parts.next().filter(|version| version.len() == 2 && is_lower_hex(version))?;
    let apm_id = parts.next().filter(|id| is_lower_hex(id)).and_then(TraceId::from_hex)?;
    let span_id = parts.next().filter(|id| id.len() == 16 && is_lower_hex(id))?;
    let span_id = SpanId::from_decimal(&u64::from_str_radix(span_id, 16).ok()?.to_string())?;
    let flags = parts.next().filter(|flags| flags.len() == 2 && is_lower_hex(flags))?;
    // A later version may have more parts.
    if version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1;
    let upstream = Upstream::with_priority(i8::from(sampled == 1));
    let mut read = Headers { apm_id, span_id, upstream, llm: Llm::default() };
    let mut others = Vec::new();
    for member in state.split(',').map(str::trim).filter(|member| !member.is_empty()).take(MAX_MEMBERS) {
        let Some(own) = member.strip_prefix("dd=") else {
            // A tab may only be between members.
            if !member.contains('\t') {
                others.push(member);
            }
            continue;
        };
        for (key, value) in own.split(';').filter_map(|entry| entry.split_once(':')) {
            match key.strip_prefix("t.") {
                Some(key) => read.take(key, &value.replace('~', "=")),
                None if key == "s" => {
                    let priority = agreed(value.parse().ok(), sampled == 1);
                    read.upstream.priority = priority.unwrap_or(read.upstream.priority);
                }
                None if key == "o" => read.take_origin(&value.replace('~', "=")),
                None => {}
            }
        }
    }
    let others = others.join(",");
    read.upstream.others = Some(others).filter(|others| !others.is_empty() && others.len() <= MAX_STATE);
    Some(read)
}

/// Returns the priority in Datadog's part if it agrees with the flag.
fn agreed(priority: Option<i8>, sampled: bool) -> Option<i8> {
    priority.filter(|priority| (*priority > 0) == sampled)
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
