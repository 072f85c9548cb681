//! Which spans and events the layer receives.

use tracing_core::Metadata;
use tracing_core::subscriber::Interest;
use tracing_subscriber::layer::{Context, Filter};

use crate::callsite::{self, Callsite};

/// Enables the spans and events that the layer reads, and accepts all others that another layer enables.
///
/// A callsite that no layer enables is never enabled, and no filter is asked about it again. So it costs nothing that this filter would
/// accept its spans and events. The layer needs the spans to find which of its own belong together.
///
/// A refusal by a filter is remembered until the next span or event of the thread. `enabled!` and `log_enabled!` create none, so that the
/// next span of the layer would be refused instead: <https://github.com/tokio-rs/tracing/issues/2519>.
pub(crate) struct Callsites;

impl<S> Filter<S> for Callsites {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if callsite::find(metadata).is_some_and(Callsite::is_wanted) {
            Interest::always()
        } else {
            Interest::never()
        }
    }
}
