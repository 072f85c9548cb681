//! A socket as ureq uses one: TCP, or a Unix socket.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::config::Config;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

/// A connected socket.
pub(super) trait Socket: Read + Write + Send + Sync + 'static {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;
}

macro_rules! socket {
    ($type:ty) => {
        impl Socket for $type {
            fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                <$type>::set_read_timeout(self, timeout)
            }

            fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
                <$type>::set_write_timeout(self, timeout)
            }

            fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
                <$type>::set_nonblocking(self, nonblocking)
            }
        }
    };
}

socket!(TcpStream);
#[cfg(unix)]
socket!(UnixStream);

/// A connection over a socket.
pub(super) struct SocketTransport {
    socket: Box<dyn Socket>,
    buffers: LazyBuffers,
}

impl SocketTransport {
    pub(super) fn new(socket: impl Socket, config: &Config) -> Self {
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Self { socket: Box::new(socket), buffers }
    }
}

impl fmt::Debug for SocketTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketTransport")
    }
}

impl Transport for SocketTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let deadline = Deadline::new(timeout.for_write());
        let mut rest = self.buffers.output().get(..amount).unwrap_or_default();
        while !rest.is_empty() {
            ignore_closed(self.socket.set_write_timeout(deadline.left()?))?;
            match self.socket.write(rest) {
                Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) => deadline.check(error)?,
            }
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let deadline = Deadline::new(timeout.for_read());
        let room = self.buffers.input_append_buf();
        loop {
            ignore_closed(self.socket.set_read_timeout(deadline.left()?))?;
            match self.socket.read(room) {
                Ok(received) => {
                    self.buffers.input_appended(received);
                    return Ok(received > 0);
                }
                Err(error) => deadline.check(error)?,
            }
        }
    }

    /// A server sends nothing between requests: anything that arrives then is the end of the connection.
    fn is_open(&mut self) -> bool {
        let waits = |socket: &mut Box<dyn Socket>| matches!(socket.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.socket.set_nonblocking(true).is_ok()
            && waits(&mut self.socket)
            && self.socket.set_nonblocking(false).is_ok()
    }
}

/// macOS cannot set a timeout of a socket that the peer has closed, which may still hold a response.
fn ignore_closed(set: io::Result<()>) -> io::Result<()> {
    set.or_else(|error| {
        if cfg!(target_os = "macos") && error.kind() == ErrorKind::InvalidInput { Ok(()) } else { Err(error) }
    })
}

/// The deadline of a step of a request.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    timeout: NextTimeout,
    /// `None` if there is no deadline.
    at: Option<Instant>,
}

impl Deadline {
    pub(super) fn new(timeout: NextTimeout) -> Self {
        Self { timeout, at: Instant::now().checked_add(*timeout.after) }
    }

    /// Returns the remaining time, which is never zero.
    pub(super) fn left(&self) -> Result<Option<Duration>, Error> {
        let left = self.at.map(|at| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) { Err(self.passed()) } else { Ok(left) }
    }

    /// Returns the timeout of the remaining work.
    pub(super) fn rest(&self) -> Result<NextTimeout, Error> {
        let mut timeout = self.timeout;
        if let Some(left) = self.left()? {
            timeout.after = left.into();
        }
        Ok(timeout)
    }

    /// Returns all errors except an interruption.
    fn check(&self, error: io::Error) -> Result<(), Error> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(self.passed()),
            _ => Err(error.into()),
        }
    }

    fn passed(&self) -> Error {
        Error::Timeout(self.timeout.reason)
    }
}
