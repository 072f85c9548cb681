//! The command `llmobs`, which shows the traces of LLM applications on your own machine. It consists of an intake with Datadog's
//! protocols, a store and web pages.

mod access;
mod arrivals;
mod cli;
mod connection;
mod connection_limit;
mod console;
mod error;
mod explorer;
mod id;
mod intake;
mod page;
mod query;
mod report;
mod routes;
mod run;
mod sample;
mod serve;
mod server;
mod signals;
mod span;
mod store;
mod traces;
mod tree;
mod unspaced;

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::Runtime;

use crate::cli::{Cli, Command};
use crate::console::print_line;
use crate::error::Error;
use crate::report::Report;

/// Runs a command and returns its exit code.
fn run(command: Command) -> Result<i32, Error> {
    match command {
        Command::Run { explorer, exit, command } => {
            let options = explorer.options(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
            runtime()?.block_on(run::run(&options, &command, exit))
        }
        Command::Serve { explorer, host } => {
            let options = explorer.options(host)?;
            runtime()?.block_on(serve::serve(&options)).map(|()| 0)
        }
        Command::Completions { shell } => {
            cli::print_completions(shell);
            Ok(0)
        }
        Command::Man { folder } => cli::write_manual(&folder).map(|()| 0),
    }
}

fn runtime() -> Result<Runtime, Error> {
    Runtime::new().map_err(Error::System)
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match run(Cli::parse().command) {
        // A code above 255 is a failure too.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            print_line(Report(&error));
            ExitCode::from(error.exit_code())
        }
    }
}
