//! Which spans and events the layer gets.

use tracing_core::Metadata;
use tracing_core::subscriber::Interest;
use tracing_subscriber::layer::{Context, Filter};

use crate::callsite::{self, Callsite};

/// Asks for the spans and events that the layer reads, and takes all other spans where another layer asks for them.
///
/// A callsite that no layer asks for is never enabled, and no filter is asked about it again. So it costs nothing that this filter would
/// let its spans pass. The layer needs them to find which of its own spans belong together.
pub(crate) struct Callsites;

impl<S> Filter<S> for Callsites {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        metadata.is_span() || is_wanted(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_wanted(metadata) { Interest::always() } else { Interest::never() }
    }
}

fn is_wanted(metadata: &Metadata<'_>) -> bool {
    callsite::find(metadata).is_some_and(Callsite::is_wanted)
}
