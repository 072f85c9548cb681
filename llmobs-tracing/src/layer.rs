//! The layer.

use llmobs_runtime::current;
use llmobs_runtime::integration::{capture, is_current, is_in_trace, new_trace};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::callsite::{self, Callsite};
use crate::fields::Reader;
use crate::libraries::is_request;
use crate::state::{Carried, Count, Place, Step};

/// Makes LLM spans of the spans that it gets.
pub(crate) struct SpanLayer {
    captures_content: Option<bool>,
    count: Count,
}

impl SpanLayer {
    pub(crate) fn new(captures_content: Option<bool>) -> Self {
        Self { captures_content, count: Count::default() }
    }

    /// Begins the LLM span of a span.
    fn begin<S>(
        &self,
        callsite: &'static Callsite,
        attributes: &Attributes<'_>,
        span: &SpanRef<'_, S>,
        names_parent: bool,
    ) where
        S: for<'span> LookupSpan<'span>,
    {
        // Another layer like this one may have been here.
        if span.extensions().get::<Step>().is_some() {
            return;
        }
        let begin = || {
            let mut capture = capture()?;
            capture.shows_content = self.captures_content.unwrap_or(capture.shows_content);
            let mut reader = Reader::new(callsite, capture);
            attributes.record(&mut reader);
            Some(Step::begin(callsite, reader.finish(), capture, &self.count))
        };
        // What is current is inside of the spans around, since these make their contexts current. It may not be where a span names
        // another parent than the one that is current.
        let is_here = is_in_trace() && !names_parent;
        let step = match if is_here { None } else { self.place_above(span) } {
            Some(above) => above.context().enter(begin),
            None => begin(),
        };
        let Some(step) = step else { return };
        if step.is_call() {
            for above in span.scope().skip(1) {
                if let Some(above) = above.extensions_mut().get_mut::<Step>() {
                    above.has_call();
                }
            }
        }
        let _ = span.extensions_mut().replace(step);
    }

    /// Where an LLM span belongs by the spans around it. If none of them has an LLM span around, it is the first in a trace of its own,
    /// which it shares with all others inside the outermost span.
    fn place_above<S>(&self, span: &SpanRef<'_, S>) -> Option<Place>
    where
        S: for<'span> LookupSpan<'span>,
    {
        let mut root = None;
        for above in span.scope().skip(1) {
            if let Some(place) = place_of(&above) {
                return Some(place);
            }
            root = Some(above);
        }
        if is_in_trace() {
            return None;
        }
        let carried = Carried::new(new_trace(), &self.count);
        let place = carried.place().clone();
        root?.extensions_mut().replace(carried);
        Some(place)
    }

    /// Remembers for a span that is no step which LLM span is around it, or that it is the root of a request.
    fn carry<S>(&self, attributes: &Attributes<'_>, span: &SpanRef<'_, S>)
    where
        S: for<'span> LookupSpan<'span>,
    {
        let here = if is_in_trace() {
            let here = current();
            if span
                .scope()
                .skip(1)
                .find_map(|above| place_of(&above))
                .is_some_and(|above| is_current(above.context()))
            {
                return;
            }
            here
        } else if is_request(attributes.metadata()) && span.parent().is_none() {
            new_trace()
        } else {
            return;
        };
        let _ = span.extensions_mut().replace(Carried::new(here, &self.count));
    }
}

/// Where LLM spans inside a span belong, if the span says it.
fn place_of<S>(span: &SpanRef<'_, S>) -> Option<Place>
where
    S: for<'span> LookupSpan<'span>,
{
    let extensions = span.extensions();
    let step = extensions.get::<Step>().map(Step::place);
    step.or_else(|| extensions.get::<Carried>().map(Carried::place)).cloned()
}

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        match callsite::find(attributes.metadata()) {
            Some(callsite) => {
                if let Some(span) = context.span(id) {
                    let current = context.current_span();
                    let names_parent = attributes.parent().is_some_and(|parent| Some(parent) != current.id());
                    self.begin(callsite, attributes, &span, names_parent);
                }
            }
            None if is_in_trace() || is_request(attributes.metadata()) => {
                if let Some(span) = context.span(id) {
                    self.carry(attributes, &span);
                }
            }
            None => {}
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if !self.count.is_zero()
            && let Some(place) = context.span(id).and_then(|span| place_of(&span))
        {
            place.enter();
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if !self.count.is_zero()
            && let Some(place) = context.span(id).and_then(|span| place_of(&span))
        {
            place.leave();
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|_| !self.count.is_zero()) else { return };
        // Values are formatted by code of the program, for which no lock is held.
        let reader = span.extensions().get::<Step>().map(|step| step.reader(None));
        let Some(mut reader) = reader else { return };
        values.record(&mut reader);
        if let Some(step) = span.extensions_mut().get_mut::<Step>() {
            step.add(reader.finish());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if self.count.is_zero() {
            return;
        }
        let Some(callsite) = callsite::find(event.metadata()) else { return };
        for span in context.event_scope(event).into_iter().flatten() {
            let reader = span.extensions().get::<Step>().map(|step| step.reader(Some(callsite)));
            if let Some(mut reader) = reader {
                event.record(&mut reader);
                if let Some(step) = span.extensions_mut().get_mut::<Step>() {
                    step.add(reader.finish());
                }
                return;
            }
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let Some(source) = context.span(follows).filter(|_| !self.count.is_zero()) else { return };
        let source = source.extensions().get::<Step>().map(|step| step.place().context().clone());
        if let (Some(source), Some(span)) = (source, context.span(id))
            && let Some(step) = span.extensions_mut().get_mut::<Step>()
        {
            step.link(&source);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id).filter(|_| !self.count.is_zero()) else { return };
        let step = span.extensions_mut().remove::<Step>();
        // It ends here, where no lock is held.
        drop(step);
    }
}
