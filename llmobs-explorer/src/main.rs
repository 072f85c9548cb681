//! The command `llmobs`, which shows the traces of LLM applications on your own machine: an intake with Datadog's protocols, a store,
//! and web pages.

mod access;
mod arrivals;
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

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::console::print_line;
use crate::error::Error;
use crate::explorer::{Options, OtlpPort};
use crate::report::Report;
use crate::store::{Location, Retention};

/// See the traces of your LLM application on your own machine.
#[derive(Parser)]
#[command(name = "llmobs", version, about, long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a program with its spans sent to the explorer
    Run {
        #[command(flatten)]
        explorer: ExplorerOptions,
        /// End with the program, also on a terminal
        #[arg(long)]
        exit: bool,
        /// The program and its arguments
        #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Start the explorer, for programs that are started elsewhere
    Serve {
        #[command(flatten)]
        explorer: ExplorerOptions,
        /// The address to listen on; one that is not of this machine asks for a token, which is printed
        #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
        host: IpAddr,
    },
}

#[derive(Args)]
struct ExplorerOptions {
    /// The port to listen on
    #[arg(long, default_value_t = 8126)]
    port: u16,
    /// The port for OpenTelemetry over HTTP, or off [default: 4318, or any free port if --port is 0]
    #[arg(long, value_name = "PORT")]
    otlp_http_port: Option<OtlpPort>,
    /// The port for OpenTelemetry over gRPC, or off [default: 4317, or any free port if --port is 0]
    #[arg(long, value_name = "PORT")]
    otlp_grpc_port: Option<OtlpPort>,
    /// Where to keep traces: a file, or :memory: [default: traces.db in your data directory]
    #[arg(long, value_name = "PATH", env = "LLMOBS_STORE")]
    store: Option<String>,
    /// For how many days traces are kept
    #[arg(long, default_value_t = 30, value_name = "DAYS")]
    keep_days: u32,
    /// How large the store may become, in MiB
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    keep_mib: u32,
}

impl ExplorerOptions {
    fn options(&self, host: IpAddr) -> Result<Options, Error> {
        let location = match &self.store {
            Some(store) => Location::from(store.as_str()),
            None => Location::default_file().ok_or(Error::NoHome)?,
        };
        let retention = Retention {
            age: Duration::from_secs(u64::from(self.keep_days) * 86_400),
            bytes: u64::from(self.keep_mib) * 1024 * 1024,
        };
        let otlp = |port| OtlpPort::Port(if self.port == 0 { 0 } else { port });
        Ok(Options {
            host,
            port: self.port,
            otlp_http: self.otlp_http_port.unwrap_or_else(|| otlp(4318)),
            otlp_grpc: self.otlp_grpc_port.unwrap_or_else(|| otlp(4317)),
            location,
            retention,
        })
    }
}

impl Command {
    /// Runs the command, and returns the exit code.
    async fn run(self) -> Result<i32, Error> {
        match self {
            Self::Run { explorer, exit, command } => {
                let options = explorer.options(IpAddr::V4(Ipv4Addr::LOCALHOST))?;
                run::run(&options, &command, exit).await
            }
            Self::Serve { explorer, host } => serve::serve(&explorer.options(host)?).await.map(|()| 0),
        }
    }
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    let Cli { command } = Cli::parse();
    match Runtime::new().map_err(Error::System).and_then(|runtime| runtime.block_on(command.run())) {
        // What is more than a byte means failure anyway.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            print_line(Report(&error));
            ExitCode::from(error.exit_code())
        }
    }
}
