//! Propagation: writes ids into the headers of a request and reads them, so that another program continues the trace.

mod carrier;
mod datadog;
mod headers;
mod tracecontext;

use std::sync::Arc;

pub use carrier::{Extractor, Injector};

use llmobs_capture::{is_muted, warn_limited};

use super::context::{Context, current};
use super::frame::Frame;
use super::integration::new_trace;
use super::local;
use super::shared::{Remote, Trace, Upstream};
use crate::base::id::{SpanId, TraceId};
use crate::deliver::sender::any_open;
use crate::model::inherited::{AgentAttribution, Inherited};
use crate::model::sampling::Decision;
use headers::{Headers, Llm};

/// Writes the current span to the headers of a request, so that the program that receives it can continue the trace.
///
/// The headers are those of Datadog's tracers, `x-datadog-*`, and those of W3C Trace Context, `traceparent` and `tracestate`; existing
/// headers of these names are replaced. They hold ids, the application, the session, and the name of the nearest agent: send them only to
/// programs that may know these. If no span is current, nothing is written.
///
/// If another tracer owns `traceparent`, let it write its headers after this call: the others are enough.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// use std::collections::HashMap;
///
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let mut headers: HashMap<String, String> = HashMap::new();
/// let span = llmobs::workflow("ask").start();
/// span.enter(|| llmobs::inject(&mut headers));
/// span.finish();
///
/// // In the other program:
/// llmobs::extract(&headers).enter(|| llmobs::task("answer").start().finish());
/// # assert_eq!(headers.len(), 6);
/// assert_eq!(collector.tree(), "workflow ask\n└─ task answer\n");
/// ```
pub fn inject(headers: &mut (impl Injector + ?Sized)) {
    if !any_open() || is_muted() {
        return;
    }
    if let Some(frame) = local::current().frame() {
        write(frame, headers);
    }
}

/// Reads the span of another program from the headers of a request, and returns a context whose spans are its children.
///
/// It accepts what [`inject`] writes here or in Datadog's other SDKs. If the headers name no span, this is the [`current`] context.
/// A header that is invalid, or longer than 8 KiB, is ignored with a warning.
///
/// The sender of the request decides which trace, session and application spans here belong to: read headers only from programs that may.
/// In async code: `handle(request).in_context(llmobs::extract(&headers))`.
#[must_use = "spans are children of the other program's span where the context is entered"]
pub fn extract(headers: &(impl Extractor + ?Sized)) -> Context {
    let here = current();
    if !any_open() {
        return here;
    }
    match datadog::read(headers).map(remote) {
        Some((remote, inherited)) => Context(here.0.with_remote(remote, inherited)),
        None => here,
    }
}

/// Reads the span of another program like [`extract`], and keeps the spans of a request together: if the headers name no LLM span, spans
/// without a parent here are roots of one trace.
///
/// ```
/// # use llmobs_runtime as llmobs;
/// # let collector = llmobs::testing::Collector::new();
/// # let _entered = collector.attach();
/// let headers = [("x-datadog-trace-id", "12"), ("x-datadog-parent-id", "34")];
/// let request = llmobs::integration::extract_request(headers.as_slice());
/// request.enter(|| ["draft", "review"].map(|name| llmobs::llm(name).start().finish()));
/// let [draft, review] = &*collector.spans() else { panic!("two spans") };
/// assert_eq!(draft.trace_id(), review.trace_id());
/// ```
#[must_use = "spans belong to the request where the context is entered"]
pub fn extract_request(headers: &(impl Extractor + ?Sized)) -> Context {
    if !any_open() {
        return current();
    }
    let Some((mut remote, inherited)) = datadog::read(headers).map(remote) else { return new_trace() };
    remote.trace = Some(remote.trace());
    Context(current().0.with_remote(remote, inherited))
}

pub(crate) fn write(frame: &Arc<Frame>, headers: &mut (impl Injector + ?Sized)) {
    let decision = frame.decision();
    let agent = frame.agent();
    let trace = frame.trace();
    let mut upstream = trace.upstream.as_deref().cloned().unwrap_or_default();
    // The request continues the trace of the APM tracer, if there is one.
    let (apm_id, span_id) = match frame.sender().defaults.apm_span() {
        Some(apm) => {
            // Data of other tracers about another trace is not propagated, nor a decision that was revoked.
            if apm.trace_id != trace.apm_id || apm.sampled != (upstream.priority > 0) {
                upstream = Upstream::with_priority(i8::from(apm.sampled));
            }
            (apm.trace_id, apm.span_id)
        }
        None => (trace.apm_id, frame.span_id()),
    };
    let headers_of_span = Headers {
        apm_id,
        span_id,
        upstream,
        llm: Llm {
            session_id: frame.session_id().map(|session| session.to_string()),
            parent_id: Some(frame.span_id().to_string()),
            trace_id: Some(trace.id.to_decimal()),
            ml_app: Some(frame.ml_app().to_owned()),
            sample_rate: decision.map(Decision::shown_rate),
            sampling_decision: decision.map(|decision| decision.shown().to_owned()),
            agent_id: agent.as_ref().map(|agent| agent.span_id.to_string()),
            agent_name: agent.and_then(|agent| agent.name.clone()),
        },
    };
    datadog::write(headers_of_span, headers);
}

/// Returns what spans here continue.
fn remote(headers: Headers) -> (Remote, Inherited) {
    let Headers { apm_id, upstream, llm, .. } = headers;
    let upstream = Some(Arc::new(upstream));
    let parent = llm.parent_id.filter(|id| id != "undefined");
    let parent_id = parent.as_deref().and_then(SpanId::from_decimal);
    if parent.is_some() && parent_id.is_none() {
        warn_limited!(
            "the propagated id of an LLM span is not a number: spans here begin a trace of their own"
        );
    }
    if parent_id.is_none() {
        let origin = Arc::new(Trace::new(apm_id, apm_id, upstream));
        return (Remote { trace: None, origin, parent_id: None }, Inherited::default());
    }
    let id = llm.trace_id.as_deref().map(TraceId::from_header);
    if id == Some(None) {
        warn_limited!(
            "the propagated id of an LLM trace is not a number: the id of the request is used instead"
        );
    }
    // The next program reads this id in decimal.
    let id = id.flatten().unwrap_or_else(|| apm_id.as_read_in_decimal());
    let trace = Trace::new(id, apm_id, upstream);
    let rate = llm.sample_rate.and_then(|rate| rate.parse().ok()).filter(|rate| (0.0..=1.0).contains(rate));
    let decision = match (rate, llm.sampling_decision.as_deref()) {
        (Some(rate), Some("1")) => Some(Decision { rate, kept: true }),
        (Some(rate), Some("0")) => Some(Decision { rate, kept: false }),
        _ => None,
    };
    let trace = Arc::new(trace.decided(decision));
    if let Some(session_id) = llm.session_id.filter(|session_id| !session_id.is_empty()) {
        let _ = trace.session_id.set(session_id.into());
    }
    let agent_id = llm.agent_id.as_deref().and_then(SpanId::from_decimal);
    let agent = agent_id.map(|span_id| AgentAttribution { name: llm.agent_name, span_id });
    let ml_app = llm.ml_app.filter(|ml_app| !ml_app.is_empty());
    let inherited =
        Inherited { ml_app: ml_app.map(Into::into), agent: agent.map(Arc::new), ..Inherited::default() };
    (Remote { trace: Some(Arc::clone(&trace)), origin: trace, parent_id }, inherited)
}

#[cfg(test)]
mod tests;
