//! The errors of commands.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::store::OpenError;

/// The reason for the failure of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The data directory of the user is unknown.
    #[error("the home directory is unknown; name a file with --store")]
    NoHome,
    /// Another program listens on the port.
    #[error("port {port} is taken by another program, perhaps a Datadog Agent; choose another one: --port {}", other(*port))]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The explorer cannot listen.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system has no source of randomness.
    #[error("the system has no source of randomness")]
    Random(#[from] getrandom::Error),
    /// The system refuses threads or signal handlers.
    #[error("cannot start llmobs")]
    System(#[source] io::Error),
    /// No program was given.
    #[error("the program is missing; name it after two dashes: llmobs run -- cargo run")]
    NoProgram,
    /// The program cannot be started.
    #[error("cannot start {}", program.display())]
    Program {
        /// The program.
        program: OsString,
        /// The error of the system.
        source: io::Error,
    },
    /// The manual pages cannot be written.
    #[error("cannot write the manual pages into {}", folder.display())]
    Manual {
        /// The folder.
        folder: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The exit status of the program cannot be read.
    #[error("cannot wait for the program")]
    Wait(#[source] io::Error),
}

impl Error {
    /// The exit code of `llmobs`. As in a shell, it is 127 if a program is not found and 126 if it cannot be run.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Program { source, .. } if source.kind() == io::ErrorKind::NotFound => 127,
            Self::Program { .. } => 126,
            _ => 1,
        }
    }
}

/// A port to suggest if another one is taken.
pub(crate) fn other(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(8126)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;

    fn missing() -> io::Error {
        io::Error::from_raw_os_error(2)
    }

    #[test]
    fn reports_name_each_cause_once() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8126));
        let cases: [(Box<dyn std::error::Error>, &str, &str); 5] = [
            (
                Box::new(Error::Listen { address, source: missing() }),
                "cannot listen on 127.0.0.1:8126",
                MISSING,
            ),
            (Box::new(Error::System(missing())), "cannot start llmobs", MISSING),
            (Box::new(Error::Wait(missing())), "cannot wait for the program", MISSING),
            (Box::new(Error::Program { program: "x".into(), source: missing() }), "cannot start x", MISSING),
            (
                Box::new(Error::Store(OpenError::File { path: "x".into(), source: missing() })),
                "cannot open the store x (name another file with --store)",
                MISSING,
            ),
        ];
        for (error, text, cause) in cases {
            assert_eq!(
                (error.to_string(), error.source().map(ToString::to_string)),
                (text.into(), Some(cause.into()))
            );
            assert_eq!(Report(&*error).to_string(), format!("{text}: {cause}"));
        }
    }

    const MISSING: &str = "No such file or directory (os error 2)";
}
