//! The layer.

use std::sync::atomic::{AtomicU64, Ordering};

use llmobs_runtime::integration::{
    Capture, capture, is_current, is_in_trace, is_of_client_here, leave, new_trace,
};
use llmobs_runtime::{Context as Here, current};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::callsite::{self, Callsite};
use crate::evaluation::PendingEvaluation;
use crate::fields::{Formats, Reader, Recorded};
use crate::libraries::Role;
use crate::state::{Carried, Place, Root, Step, any};

/// Makes LLM spans from the spans that it receives.
pub(crate) struct SpanLayer {
    captures_content: Option<bool>,
    /// Makes the ids of its spans unique to one subscriber.
    salt: u64,
}

impl SpanLayer {
    pub(crate) fn new(captures_content: Option<bool>) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        // Multiples of an odd number are far from each other.
        let salt = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self { captures_content, salt }
    }

    /// Returns the id by which the context of a span is entered and left. A span that is entered is open, so that no other span has its id.
    fn entry(&self, id: &Id) -> u64 {
        self.salt.wrapping_add(id.into_u64())
    }

    /// Begins the LLM span of a `tracing` span.
    fn begin<S>(
        &self,
        callsite: &'static Callsite,
        attributes: &Attributes<'_>,
        span: &SpanRef<'_, S>,
        names_parent: bool,
    ) where
        S: for<'span> LookupSpan<'span>,
    {
        // Another layer like this one may have begun it.
        if span.extensions().get::<Step>().is_some() {
            return;
        }
        let begin = || {
            let capture = self.capture()?;
            let mut recorded = Recorded::new(capture);
            attributes.record(&mut Reader::new(&mut recorded, callsite, capture, Formats::All));
            Some(Step::begin(callsite, recorded, capture))
        };
        // The current context is inside the surrounding spans, because these make their contexts current. This may not hold if a span names
        // a parent other than the current span.
        let is_here = is_in_trace() && !names_parent;
        let step = match if is_here { None } else { place_above(span) } {
            Some(above) => above.enter(begin),
            None => begin(),
        };
        let Some(step) = step else { return };
        let _ = span.extensions_mut().replace(step);
    }

    /// Returns what may be captured of the values of spans here.
    fn capture(&self) -> Option<Capture> {
        let mut capture = capture()?;
        capture.shows_content = self.captures_content.unwrap_or(capture.shows_content);
        Some(capture)
    }

    /// Begins the evaluation of the nearest of these spans that is a step, or else of the current span.
    fn evaluate<'a, S>(
        &self,
        callsite: &'static Callsite,
        mut spans: impl Iterator<Item = SpanRef<'a, S>>,
        record: impl FnOnce(&mut Reader<'_>),
    ) -> Option<PendingEvaluation>
    where
        S: for<'span> LookupSpan<'span> + 'a,
    {
        let place = spans.find_map(|span| place_of(&span));
        let step = place.map_or_else(current, |place| place.context().clone());
        let capture = step.enter(|| self.capture())?;
        let mut evaluation = PendingEvaluation::new(capture, step);
        record(&mut Reader::new(evaluation.recorded(), callsite, capture, Formats::All));
        Some(evaluation)
    }
}

/// Returns the context of an LLM span from the spans around it. If none of them is in an LLM span, the context has a new trace, which all
/// steps inside the outermost span share.
fn place_above<S>(span: &SpanRef<'_, S>) -> Option<Here>
where
    S: for<'span> LookupSpan<'span>,
{
    let mut root = None;
    for above in around(span) {
        if let Some(place) = place_of(&above) {
            return Some(place.context().clone()).filter(is_of_client_here);
        }
        root = Some(above);
    }
    if is_in_trace() {
        return None;
    }
    let root = root?;
    let new = Root::new();
    let mut extensions = root.extensions_mut();
    // Another thread may have inserted one.
    if extensions.get_mut::<Root>().is_none() {
        extensions.insert(new);
    }
    extensions.get_mut::<Root>().map(|root| root.context())
}

/// Stores in a span that is not a step where the steps inside belong.
fn carry<S>(span: &SpanRef<'_, S>, role: Role)
where
    S: for<'span> LookupSpan<'span>,
{
    let is_known = |here: &SpanRef<'_, S>| {
        let is_current = |place: &Place| is_current(place.context());
        around(here).find_map(|above| with_place(&above, is_current)).unwrap_or(false)
    };
    let context = match role {
        Role::Nothing if is_in_trace() && !is_known(span) => current(),
        Role::Request if !is_in_trace() => new_trace(),
        _ => return,
    };
    carry_context(span, context);
}

/// Returns where steps belong inside a span that is entered away from the spans around it, as in a separate task.
fn place_away<S>(span: &SpanRef<'_, S>) -> Option<Place>
where
    S: for<'span> LookupSpan<'span>,
{
    if is_in_trace() {
        return None;
    }
    let above = around(span).find_map(|above| place_of(&above))?;
    if role_of(span.metadata()) == Role::Session {
        return None;
    }
    Some(carry_context(span, above.context().clone()))
}

/// Stores a context in a span, unless another thread, or a layer like this one, has done so. Returns the stored context.
fn carry_context<S>(span: &SpanRef<'_, S>, context: Here) -> Place
where
    S: for<'span> LookupSpan<'span>,
{
    let new = Carried::new(context);
    let mut extensions = span.extensions_mut();
    if let Some(carried) = extensions.get_mut::<Carried>() {
        return carried.place().clone();
    }
    let place = new.place().clone();
    extensions.insert(new);
    place
}

/// Adds fields to a span that is a step. They are fields of a callsite, or else of the span itself. Returns whether the span is a step.
fn add<S>(
    span: &SpanRef<'_, S>,
    callsite: Option<&'static Callsite>,
    record: impl Fn(&mut Reader<'_>),
) -> bool
where
    S: for<'span> LookupSpan<'span>,
{
    let mut extensions = span.extensions_mut();
    let Some(step) = extensions.get_mut::<Step>() else { return false };
    let callsite = callsite.unwrap_or(step.callsite());
    if callsite.role == Role::PartOfCall && !step.is_call() {
        return true;
    }
    let capture = step.capture();
    let mut reader = Reader::new(step.recorded(), callsite, capture, Formats::None(false));
    record(&mut reader);
    let has_formatted = reader.has_formatted();
    step.describe();
    drop(extensions);
    if has_formatted {
        // Code of the program formats these values, so no lock is held.
        let mut recorded = Recorded::new(capture);
        record(&mut Reader::new(&mut recorded, callsite, capture, Formats::All));
        if let Some(step) = span.extensions_mut().get_mut::<Step>() {
            step.recorded().add(recorded);
            step.describe();
        }
    }
    true
}

/// Returns the spans around a span, from the inside out, as far as steps can belong to them.
fn around<'a, S>(span: &SpanRef<'a, S>) -> impl Iterator<Item = SpanRef<'a, S>>
where
    S: for<'span> LookupSpan<'span>,
{
    let spans = std::iter::successors(span.parent(), SpanRef::parent);
    spans.take_while(|above| role_of(above.metadata()) != Role::Session)
}

fn role_of(metadata: &Metadata<'_>) -> Role {
    callsite::find(metadata).map_or(Role::Nothing, |callsite| callsite.role)
}

/// Returns whether an event belongs to the function of a span. Events of its attribute have the location of the attribute.
fn is_of(event: &Metadata<'_>, span: &Metadata<'_>) -> bool {
    event.file() == span.file() && event.line() == span.line()
}

/// Returns where LLM spans inside a span belong, if the span determines it.
fn place_of<S>(span: &SpanRef<'_, S>) -> Option<Place>
where
    S: for<'span> LookupSpan<'span>,
{
    with_place(span, Place::clone)
}

fn with_place<S, R>(span: &SpanRef<'_, S>, look: impl FnOnce(&Place) -> R) -> Option<R>
where
    S: for<'span> LookupSpan<'span>,
{
    let extensions = span.extensions();
    let step = extensions.get::<Step>().map(Step::place);
    step.or_else(|| extensions.get::<Carried>().map(Carried::place)).map(look)
}

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let callsite = callsite::find(attributes.metadata());
        let role = callsite.map_or(Role::Nothing, |callsite| callsite.role);
        if role == Role::Nothing && !is_in_trace() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        match (role, callsite) {
            (Role::Step(_), Some(callsite)) => {
                let names_parent =
                    attributes.parent().is_some_and(|parent| Some(parent) != context.current_span().id());
                self.begin(callsite, attributes, &span, names_parent);
            }
            (Role::Part, Some(callsite)) => {
                around(&span).any(|above| add(&above, Some(callsite), |reader| attributes.record(reader)));
            }
            (Role::Evaluation, Some(callsite)) => {
                let evaluation = self.evaluate(callsite, around(&span), |reader| attributes.record(reader));
                if let Some(evaluation) = evaluation {
                    span.extensions_mut().replace(evaluation);
                }
            }
            (role, _) => carry(&span, role),
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if any()
            && let Some(span) = context.span(id)
            && let Some(place) = place_of(&span).or_else(|| place_away(&span))
        {
            place.enter(self.entry(id));
        }
    }

    fn on_exit(&self, id: &Id, _: Context<'_, S>) {
        if any() {
            leave(self.entry(id));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if !any() {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let record = |reader: &mut Reader<'_>| values.record(reader);
        if add(&span, None, record) {
            return;
        }
        let Some(callsite) = callsite::find(span.metadata()) else { return };
        match callsite.role {
            Role::Part => drop(around(&span).any(|above| add(&above, Some(callsite), record))),
            Role::Evaluation => {
                let capture = span.extensions().get::<PendingEvaluation>().map(PendingEvaluation::capture);
                let Some(capture) = capture else { return };
                let mut recorded = Recorded::new(capture);
                record(&mut Reader::new(&mut recorded, callsite, capture, Formats::All));
                if let Some(evaluation) = span.extensions_mut().get_mut::<PendingEvaluation>() {
                    evaluation.recorded().add(recorded);
                }
            }
            _ => {}
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(callsite) = callsite::find(event.metadata()) else { return };
        let mut spans = context.event_scope(event).into_iter().flatten();
        let record = |reader: &mut Reader<'_>| event.record(reader);
        match callsite.role {
            Role::Evaluation => drop(self.evaluate(callsite, spans, record)),
            Role::Failure => {
                if let Some(span) = spans.next().filter(|span| is_of(event.metadata(), span.metadata())) {
                    add(&span, Some(callsite), record);
                }
            }
            _ => drop(spans.any(|span| add(&span, Some(callsite), record))),
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        if !any() {
            return;
        }
        let Some(source) = context.span(follows) else { return };
        let source = source.extensions().get::<Step>().map(|step| step.place().context().clone());
        if let (Some(source), Some(span)) = (source, context.span(id))
            && let Some(step) = span.extensions_mut().get_mut::<Step>()
        {
            step.link(&source);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if !any() {
            return;
        }
        let Some(span) = context.span(&id) else { return };
        match role_of(span.metadata()) {
            Role::Step(_) => {
                let step = span.extensions_mut().remove::<Step>();
                if step.as_ref().is_some_and(Step::is_counted_call) {
                    for above in around(&span) {
                        if let Some(above) = above.extensions_mut().get_mut::<Step>() {
                            above.has_counted_call();
                        }
                    }
                }
                // It ends here, where no lock is held.
                drop(step);
            }
            Role::Evaluation => {
                let evaluation = span.extensions_mut().remove::<PendingEvaluation>();
                drop(evaluation);
            }
            _ => {}
        }
    }
}
