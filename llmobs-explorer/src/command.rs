//! What the commands do.

use std::ffi::OsString;
use std::io;

use tokio::runtime::Runtime;

use crate::explorer::{Explorer, Options, StartError};
use crate::run::{self, RunError};
use crate::signals::Signals;

pub use crate::run::tell;

/// Runs a program with the explorer around it, and returns its exit code.
///
/// # Errors
/// When the explorer or the program cannot be started.
pub fn run(options: &Options, command: &[OsString], exit: bool) -> Result<i32, RunError> {
    let runtime = Runtime::new()?;
    runtime.block_on(run::run(options, command, exit))
}

/// Serves until the program is told to end.
///
/// # Errors
/// When the port is taken, or the store cannot be opened.
pub fn serve(options: &Options) -> Result<(), ServeError> {
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let explorer = Explorer::start(options).await?;
        let mut signals = Signals::catch()?;
        run::tell_aside(&explorer);
        let origin = explorer.origin();
        match explorer.token() {
            None => tell(&format!("llmobs: traces at {origin}")),
            Some(token) => {
                tell(&format!("llmobs: traces at {origin}/?token={token}"));
                tell(&format!("llmobs: programs report to {origin} with DD_API_KEY={token}"));
                tell("llmobs: whoever can read the network between here and there can read the traces: use a tunnel");
            }
        }
        let end = async move {
            signals.next().await;
        };
        explorer.serve(end).await?;
        Ok(())
    })
}

/// Why there is no explorer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system gives no threads or no events.
    #[error("the system does not let it run: {0}")]
    System(#[from] io::Error),
}
