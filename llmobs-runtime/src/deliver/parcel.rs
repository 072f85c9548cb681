//! The items that are sent in one request, or in parts if a receiver does not accept them as a whole.

use std::ops::Range;

use super::encode::without_content;
use super::transport::{Failure, Framing, Payload, Transport};
use crate::model::span_data::SpanData;

/// The most events in one request.
const MAX_EVENTS: usize = 1000;

/// Items that are sent together.
pub(crate) enum Parcel<'a> {
    /// For a transport that takes wire events.
    Events(Body),
    /// For a transport that takes spans.
    Spans(Vec<SpanData>),
    /// The JSON texts of evaluations and feedback.
    Evaluations(&'a [String]),
}

/// Wire events, one after another.
pub(crate) struct Body {
    framing: Framing,
    text: String,
    /// Where each event ends, including the character after it.
    ends: Vec<usize>,
}

impl Parcel<'_> {
    /// Creates an empty parcel for spans.
    pub(crate) fn to(transport: &dyn Transport) -> Self {
        match transport.framing() {
            Some(framing) => Self::Events(Body::new(framing)),
            None => Self::Spans(Vec::new()),
        }
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Events(body) => body.ends.len(),
            Self::Spans(spans) => spans.len(),
            Self::Evaluations(metrics) => metrics.len(),
        }
    }

    /// About how many bytes a request with these items takes.
    pub(crate) fn bytes(&self, items: &Range<usize>) -> usize {
        match self {
            Self::Events(body) => body.span_of(items).len() + body.framing.open().len(),
            Self::Spans(_) => 0,
            Self::Evaluations(_) => items.clone().map(|item| self.item_bytes(item)).sum(),
        }
    }

    /// Returns how many of these items, from the first one on, fit into a request of `limit` bytes: at least one.
    pub(crate) fn fitting(&self, items: &Range<usize>, limit: usize) -> usize {
        let mut bytes = self.bytes(&(items.start..items.start));
        let fits = |item: &usize| {
            bytes += self.item_bytes(*item);
            bytes <= limit
        };
        items.clone().take_while(fits).count().max(1)
    }

    /// Returns how many bytes an item takes in a request, including the separator after it.
    fn item_bytes(&self, item: usize) -> usize {
        match self {
            Self::Events(body) => body.span_of(&(item..item + 1)).len(),
            Self::Spans(_) => 0,
            Self::Evaluations(metrics) => metrics.get(item).map_or(0, |json| json.len() + ",".len()),
        }
    }

    /// Sends some of the items, or a request without items. Spans are sent as a whole.
    pub(crate) fn send(
        &mut self,
        items: &Range<usize>,
        transport: &mut dyn Transport,
    ) -> Result<(), Failure> {
        match self {
            Self::Events(body) => {
                let mut text = body.request(items);
                let sent = transport.send(Payload::Events(&mut text));
                body.take_back(items, text);
                sent
            }
            Self::Spans(spans) => transport.send(Payload::Spans(spans)),
            Self::Evaluations(metrics) => {
                transport.send(Payload::Evaluations(metrics.get(items.clone()).unwrap_or_default()))
            }
        }
    }

    /// Removes input and output of an event. Returns false if there is nothing to remove.
    pub(crate) fn strip(&mut self, item: usize) -> bool {
        let Self::Events(body) = self else { return false };
        let place = body.span_of(&(item..item + 1));
        let event = body.text.get(place.start..place.end.saturating_sub(1)).and_then(without_content);
        let Some(event) = event else { return false };
        let (before, after) = (place.len() - 1, event.len());
        body.text.replace_range(place.start..place.end - 1, &event);
        for end in body.ends.iter_mut().skip(item) {
            *end = *end - before + after;
        }
        true
    }

    /// Removes all items.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Events(body) => {
                body.text.clear();
                body.ends.clear();
            }
            Self::Spans(spans) => spans.clear(),
            Self::Evaluations(metrics) => *metrics = &[],
        }
    }
}

impl Body {
    pub(crate) fn new(framing: Framing) -> Self {
        Self { framing, text: String::new(), ends: Vec::new() }
    }

    /// Appends an event that `encode` writes.
    pub(crate) fn add(&mut self, encode: impl FnOnce(&mut String)) {
        if self.text.is_empty() {
            self.text.push_str(self.framing.open());
        }
        encode(&mut self.text);
        self.text.push(self.framing.after());
        self.ends.push(self.text.len());
    }

    /// Removes the unfinished text of an event.
    pub(crate) fn remove_unfinished(&mut self) {
        self.text.truncate(self.ends.last().copied().unwrap_or_default());
    }

    pub(crate) fn is_larger_than(&self, limit: usize) -> bool {
        self.text.len() > limit
    }

    pub(crate) fn has_most_events(&self) -> bool {
        self.ends.len() >= MAX_EVENTS
    }

    /// Removes the last event, unless it is the only one.
    pub(crate) fn take_last(&mut self) -> Option<String> {
        if self.ends.len() < 2 {
            return None;
        }
        self.ends.pop();
        let mut event = self.text.split_off(self.ends.last().copied()?);
        event.pop();
        Some(event)
    }

    /// Where events are in the text.
    fn span_of(&self, items: &Range<usize>) -> Range<usize> {
        let end_of = |item: Option<usize>| item.and_then(|item| self.ends.get(item).copied());
        let begin = end_of(items.start.checked_sub(1)).unwrap_or(self.framing.open().len());
        begin..end_of(items.end.checked_sub(1)).unwrap_or(begin)
    }

    fn is_all(&self, items: &Range<usize>) -> bool {
        *items == (0..self.ends.len())
    }

    /// Returns the body of a request with some of the events. For all events, the text is moved out.
    fn request(&mut self, items: &Range<usize>) -> String {
        let mut text = if self.is_all(items) {
            std::mem::take(&mut self.text)
        } else {
            let events = self.text.get(self.span_of(items)).unwrap_or_default();
            [self.framing.open(), events].concat()
        };
        if let Some(close) = self.framing.close() {
            if !items.is_empty() {
                text.pop();
            }
            text.push(close);
        }
        text
    }

    /// Puts back the text that was moved out.
    fn take_back(&mut self, items: &Range<usize>, mut text: String) {
        if self.is_all(items) {
            if self.framing.close().is_some() {
                text.pop();
                text.push(self.framing.after());
            }
            self.text = text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_a_complete_body() {
        for (framing, requests) in [
            (Framing::Array, ["[1,22,333]", "[1]", "[]", "[22,333]", "[333]", "[1,22,333]"]),
            (Framing::Lines, ["1\n22\n333\n", "1\n", "", "22\n333\n", "333\n", "1\n22\n333\n"]),
        ] {
            let mut body = Body::new(framing);
            for event in ["1", "22", "333"] {
                body.add(|text| text.push_str(event));
            }
            for (items, expected) in [0..3, 0..1, 1..1, 1..3, 2..3, 0..3].into_iter().zip(requests) {
                let text = body.request(&items);
                assert_eq!(text, expected);
                body.take_back(&items, text);
            }
            assert_eq!(body.take_last().as_deref(), Some("333"));
            body.add(|text| text.push('4'));
            assert_eq!(body.request(&(0..3)), requests[0].replace("333", "4"));
        }
    }
}
