//! Why a command fails.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::store::OpenError;

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The data directory of the user is not known.
    #[error("no home directory is known; name a file with --store")]
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
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    /// The system gives no threads or no signals.
    #[error("the system does not let llmobs run")]
    System(#[source] io::Error),
    /// No program was given.
    #[error("no program is named; write it behind two dashes: llmobs run -- cargo run")]
    NoProgram,
    /// The program cannot be started.
    #[error("{} cannot be started", program.display())]
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
    /// The program was started and lost.
    #[error("waiting for the program failed")]
    Wait(#[source] io::Error),
}

impl Error {
    /// The exit code of `llmobs`: as in a shell if a program is not found or cannot be run.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Program { source, .. } if source.kind() == io::ErrorKind::NotFound => 127,
            Self::Program { .. } => 126,
            _ => 1,
        }
    }
}

/// A port to try in place of one that is taken.
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
    fn each_cause_is_reported_once() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8126));
        let cases: [(Box<dyn std::error::Error>, &str, &str); 5] = [
            (
                Box::new(Error::Listen { address, source: missing() }),
                "cannot listen on 127.0.0.1:8126",
                MISSING,
            ),
            (Box::new(Error::System(missing())), "the system does not let llmobs run", MISSING),
            (Box::new(Error::Wait(missing())), "waiting for the program failed", MISSING),
            (
                Box::new(Error::Program { program: "x".into(), source: missing() }),
                "x cannot be started",
                MISSING,
            ),
            (
                Box::new(Error::Store(OpenError::File { path: "x".into(), source: missing() })),
                "the store x cannot be opened (name another file with --store)",
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
