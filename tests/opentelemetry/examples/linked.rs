//! The program in `docs/opentelemetry.md`.

use opentelemetry::trace::TracerProvider as _;
use tracing_subscriber::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _llmobs = llmobs::Config::from_env().apm_context(llmobs::opentelemetry_context!()).init()?;
    let provider = datadog_opentelemetry::tracing().init();
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("answers")))
        .with(llmobs::tracing::layer()) // only for libraries that use `tracing`
        .init();

    run();

    provider.shutdown_with_timeout(std::time::Duration::from_secs(1))?;
    Ok(())
}

#[llmobs::workflow]
fn run() {}
