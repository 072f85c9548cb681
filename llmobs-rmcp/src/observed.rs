//! The spans of rmcp's operations: their input, output and errors, within the settings.

use std::error::Error;
use std::fmt::Display;

use llmobs_runtime::integration::{capture, observe};
use llmobs_runtime::{Annotation, Context, FutureSpanExt as _, Span, SpanBuilder};
use serde::Serialize;

use crate::settings::Settings;

/// The name that Datadog's SDKs give to integrations of the Model Context Protocol.
const INTEGRATION: &str = "mcp";

/// A running span, and what it may show.
pub(crate) struct Observed {
    span: Span,
    view: View,
}

/// The observed part of a running span: dropping it does not end the span.
#[derive(Clone)]
pub(crate) struct View {
    /// `None` if nothing is recorded.
    context: Option<Context>,
    shows_content: bool,
}

impl Observed {
    pub(crate) fn start(span: SpanBuilder, settings: &Settings) -> Self {
        let span = span.integration(INTEGRATION).start();
        let context = span.export().map(|_| span.context());
        let captures = || context.as_ref()?.enter(capture).map(|capture| capture.shows_content);
        let shows_content = settings.content.or_else(captures).unwrap_or(false);
        Self { view: View { context, shows_content }, span }
    }

    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Returns the context inside the span.
    pub(crate) fn context(&self) -> Context {
        self.span.context()
    }

    /// Returns the span itself, for a span that another event ends.
    pub(crate) fn into_parts(self) -> (Span, View) {
        (self.span, self.view)
    }

    /// Runs a future inside the span, and ends the span with the future. `end` receives its output.
    pub(crate) async fn run<T>(self, future: impl Future<Output = T>, end: impl FnOnce(&View, &T)) -> T {
        let Self { span, view } = self;
        async move {
            let output = future.await;
            end(&view, &output);
            output
        }
        .in_span(span)
        .await
    }
}

impl View {
    pub(crate) const fn is_recorded(&self) -> bool {
        self.context.is_some()
    }

    fn observe(&self, describe: impl FnOnce(&mut Annotation)) {
        if let Some(context) = &self.context {
            observe(context, describe);
        }
    }

    fn show(&self, describe: impl FnOnce(&mut Annotation)) {
        if self.shows_content {
            self.observe(describe);
        }
    }

    pub(crate) fn tag(&self, key: &str, value: impl Display) {
        self.observe(|note| {
            note.tag(key, value);
        });
    }

    pub(crate) fn input(&self, value: impl Serialize) {
        self.show(|note| {
            note.input(value);
        });
    }

    pub(crate) fn output(&self, value: impl Serialize) {
        self.show(|note| {
            note.output(value);
        });
    }

    pub(crate) fn intent(&self, intent: &str) {
        self.show(|note| {
            note.intent(intent);
        });
    }

    pub(crate) fn cancelled(&self) {
        self.tag("cancelled", "true");
    }

    /// Marks the span as failed with an error. Without content, only the type of the error is kept.
    pub(crate) fn error<E: Error>(&self, error: &E) {
        let shows_content = self.shows_content;
        self.observe(|note| {
            if shows_content {
                note.error(error);
            } else {
                note.failure(std::any::type_name::<E>(), "");
            }
        });
    }

    /// Marks the span as failed without an error: `text` is content.
    pub(crate) fn failure(&self, kind: &str, text: &str) {
        let text = if self.shows_content { text } else { "" };
        self.observe(|note| {
            note.failure(kind, text);
        });
    }
}
