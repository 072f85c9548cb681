//! The examples as a user runs them: separate processes that send to a file, an intake or an Agent.

use std::env;
use std::process::Command;

#[cfg(unix)]
mod shutdown;
mod small;
mod support_agent;

/// Cargo for this package, without the variables that it set for this test. With these it would build dependencies again.
fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    let own = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(own)) {
        cargo.env_remove(name);
    }
    cargo
}
