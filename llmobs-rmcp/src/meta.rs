//! The context of a trace in the `_meta` of a request.

use llmobs_runtime::integration::{extract_request, is_in_trace, new_trace};
use llmobs_runtime::propagation::Extractor;
use llmobs_runtime::{Context, enabled, inject};
use rmcp::model::{Extensions, JsonObject, RequestMetaObject, RequestParamsMeta};
use serde_json::Value;

/// Where Datadog's other SDKs write and read the headers of a trace.
const DATADOG: &str = "_dd_trace_context";
/// The names of W3C Trace Context, which SEP-414 reserves.
const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Writes a context to the `_meta` of a request. Values that the program wrote are kept.
pub(crate) fn write(context: &Context, meta: &mut RequestMetaObject) {
    let mut headers = JsonObject::new();
    context.enter(|| inject(&mut headers));
    if headers.is_empty() {
        return;
    }
    if !meta.contains_key(TRACEPARENT) && !meta.contains_key(TRACESTATE) {
        for name in [TRACEPARENT, TRACESTATE] {
            if let Some(value) = headers.get(name) {
                meta.insert(name.to_owned(), value.clone());
            }
        }
    }
    if !meta.contains_key(DATADOG) {
        meta.insert(DATADOG.to_owned(), Value::Object(headers));
    }
}

/// Writes a context to the parameters of a request.
pub(crate) fn write_params(context: &Context, params: &mut impl RequestParamsMeta) {
    let mut meta = params.meta_mut().take().unwrap_or_default();
    let was_empty = meta.is_empty();
    write(context, &mut meta);
    if !(was_empty && meta.is_empty()) {
        params.set_meta(meta);
    }
}

/// Returns the context in which a request is handled: that of its sender, or `None` if that is the current one, or llmobs is not enabled.
pub(crate) fn context_of(meta: &RequestMetaObject, extensions: &Extensions) -> Option<Context> {
    match headers(meta, extensions).filter(|_| enabled()) {
        Some(headers) => Some(extract_request(headers)),
        None => context_here(),
    }
}

/// Returns the context in which a request without one is handled: a separate trace, unless it is in one. Returns `None` if that is the
/// current one, or llmobs is not enabled.
pub(crate) fn context_here() -> Option<Context> {
    (enabled() && !is_in_trace()).then(new_trace)
}

/// Returns where the sender of a request wrote the context of its trace: `_meta`, else the HTTP headers.
fn headers<'a>(meta: &'a RequestMetaObject, extensions: &'a Extensions) -> Option<&'a dyn Extractor> {
    let named = |headers: &dyn Extractor| {
        [TRACEPARENT, "x-datadog-trace-id"].iter().any(|name| !headers.get_all(name).is_empty())
    };
    let datadog = meta.get(DATADOG).and_then(Value::as_object);
    let meta: &JsonObject = meta;
    let http = extensions.get::<http::request::Parts>();
    [datadog.map(|it| it as &dyn Extractor), Some(meta), http.map(|parts| &parts.headers as &dyn Extractor)]
        .into_iter()
        .flatten()
        .find(|headers| named(*headers))
}
