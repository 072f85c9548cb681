//! The commands of the command line.

use std::ffi::OsString;
use std::io;

use tokio::runtime::Runtime;

use crate::explorer::{Explorer, Options, StartError};
use crate::run::{self, RunError};
use crate::signals::Signals;

pub use crate::run::print_line;

/// Runs a program that sends its spans to the explorer, and returns its exit code.
///
/// # Errors
/// When the explorer or the program cannot be started.
pub fn run(options: &Options, command: &[OsString], exit: bool) -> Result<i32, RunError> {
    let runtime = Runtime::new()?;
    runtime.block_on(run::run(options, command, exit))
}

/// Serves until a signal ends the program.
///
/// # Errors
/// When the port is taken, or the store cannot be opened.
pub fn serve(options: &Options) -> Result<(), ServeError> {
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let explorer = Explorer::start(options).await?;
        let mut signals = Signals::catch()?;
        run::report_damaged_store(&explorer);
        let origin = explorer.origin();
        match explorer.token() {
            None => print_line(&format!("llmobs: traces at {origin}")),
            Some(token) => {
                print_line(&format!("llmobs: traces at {origin}/?token={token}"));
                print_line(&format!("llmobs: programs report to {origin} with DD_API_KEY={token}"));
                print_line("llmobs: whoever can read the network between here and there can read the traces: use a tunnel");
            }
        }
        let end = async move {
            signals.next().await;
        };
        explorer.serve(end).await?;
        Ok(())
    })
}

/// Why the explorer cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system gives no threads or no events.
    #[error("the system does not let it run: {0}")]
    System(#[from] io::Error),
}
