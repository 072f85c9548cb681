//! The command `llmobs`: see your program's traces on your own machine.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use llmobs_explorer::{Location, Options, Retention, command};

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
    fn options(&self, host: IpAddr) -> Result<Options, (String, u8)> {
        let location = match &self.store {
            Some(store) => Location::from(store.as_str()),
            None => Location::default_file()
                .ok_or_else(|| ("no home directory is known; name a file with --store".to_owned(), 1))?,
        };
        let retention = Retention {
            age: Duration::from_secs(u64::from(self.keep_days) * 86_400),
            bytes: u64::from(self.keep_mib) * 1024 * 1024,
        };
        Ok(Options { host, port: self.port, location, retention })
    }
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    let Cli { command } = Cli::parse();
    let done = match command {
        Command::Run { explorer, exit, command } => {
            explorer.options(IpAddr::V4(Ipv4Addr::LOCALHOST)).and_then(|options| {
                command::run(&options, &command, exit).map_err(|error| (error.to_string(), error.exit_code()))
            })
        }
        Command::Serve { explorer, host } => explorer
            .options(host)
            .and_then(|options| command::serve(&options).map(|()| 0).map_err(|error| (error.to_string(), 1))),
    };
    match done {
        // What is more than a byte means failure anyway.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err((error, code)) => {
            command::print_line(&format!("llmobs: {error}"));
            ExitCode::from(code)
        }
    }
}
