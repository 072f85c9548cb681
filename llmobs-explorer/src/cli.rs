//! The command line: its options, completions for shells, and manual pages.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::error::Error;
use crate::explorer::{Options, OtlpPort};
use crate::store::{Location, Retention};

/// See the traces of your LLM application on your own machine
#[derive(Parser)]
#[command(
    name = "llmobs",
    version,
    after_help = "Examples:\n  llmobs run -- cargo run\n  llmobs serve --port 9126 --store traces.db"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a program with its spans sent to the explorer
    Run {
        #[command(flatten)]
        explorer: ExplorerOptions,
        /// End with the program, even on a terminal
        #[arg(long)]
        exit: bool,
        /// The program and its arguments
        #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Start the explorer for programs that you start elsewhere
    Serve {
        #[command(flatten)]
        explorer: ExplorerOptions,
        /// The address to listen on; an address other than loopback requires a token, which is printed
        #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
        host: IpAddr,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a folder
    Man {
        /// The folder, such as ~/.local/share/man/man1
        folder: PathBuf,
    },
}

#[derive(Args)]
pub(crate) struct ExplorerOptions {
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
    /// The number of days to keep traces
    #[arg(long, default_value_t = 30, value_name = "DAYS")]
    keep_days: u32,
    /// The largest size of the store, in MiB
    #[arg(long, default_value_t = 2048, value_name = "MIB")]
    keep_mib: u32,
}

impl ExplorerOptions {
    pub(crate) fn options(&self, host: IpAddr) -> Result<Options, Error> {
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

/// Prints completions for a shell to standard output.
pub(crate) fn print_completions(shell: Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "llmobs", &mut io::stdout());
}

/// Writes a manual page for the command and one for each subcommand. Creates the folder.
pub(crate) fn write_manual(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder))
        .map_err(|source| Error::Manual { folder: folder.to_owned(), source })
}
