//! `llmobs serve`: serves until it receives a signal.

use crate::console::print_line;
use crate::error::Error;
use crate::explorer::{Explorer, Options};
use crate::signals::Signals;

/// Serves until the program receives SIGINT or SIGTERM.
pub(crate) async fn serve(options: &Options) -> Result<(), Error> {
    let explorer = Explorer::start(options).await?;
    let mut signals = Signals::catch().map_err(Error::System)?;
    let origin = explorer.origin();
    match explorer.token() {
        None => print_line(format_args!("traces at {origin}")),
        Some(token) => {
            print_line(format_args!("traces at {origin}/?token={token}"));
            print_line(format_args!("programs send spans to {origin} with DD_API_KEY={token}"));
            print_line(format_args!(
                "programs with OpenTelemetry need OTEL_EXPORTER_OTLP_HEADERS=dd-api-key={token}"
            ));
            print_line("the connection is not encrypted: use a tunnel if others can read the network");
        }
    }
    for (name, address) in explorer.otlp() {
        print_line(format_args!("OpenTelemetry over {name} at http://{address}"));
    }
    let end = async move {
        signals.next().await;
    };
    explorer.serve(end).await
}
