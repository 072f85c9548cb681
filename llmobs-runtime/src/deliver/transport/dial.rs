//! Connections to the addresses of a host, or to a Unix socket.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{ConnectionDetails, Connector, Either, Transport};
use ureq::{Error, Timeout};

use super::socket::SocketTransport;

/// How long the addresses of a host are tried in total.
const MAX_CONNECT: Duration = Duration::from_secs(2);
/// How long each of several addresses is tried at first.
const FIRST_TRY: Duration = Duration::from_millis(300);

/// Opens sockets.
#[derive(Debug, Default)]
pub(super) struct Dialer {
    /// The Unix socket to connect to instead of the address.
    #[cfg_attr(not(unix), expect(dead_code, reason = "this system has no Unix sockets"))]
    socket: Option<PathBuf>,
    /// The address of the last connection.
    last: Mutex<Option<SocketAddr>>,
}

impl Dialer {
    pub(super) fn new(socket: Option<PathBuf>) -> Self {
        Self { socket, last: Mutex::default() }
    }

    /// Connects to one of the addresses: to that of the last connection first. Each is tried for a short time, and then those that have not
    /// answered for the rest of the time.
    fn tcp(&self, addresses: &[SocketAddr], budget: Duration) -> Result<TcpStream, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut addresses = addresses.to_vec();
        addresses.sort_by_key(|address| Some(*address) != *last);
        let started = Instant::now();
        let left = || budget.saturating_sub(started.elapsed());
        let mut error = Error::HostNotFound;
        for short in [true, false] {
            let mut silent = Vec::new();
            while !addresses.is_empty() {
                let share = left() / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
                let address = addresses.remove(0);
                let alone = addresses.is_empty() && silent.is_empty();
                let wait = if short && !alone { share.min(FIRST_TRY) } else { share };
                // The shortest time-out that is allowed, so that each address is tried at least once.
                match TcpStream::connect_timeout(&address, wait.max(Duration::from_millis(1))) {
                    Ok(stream) => {
                        *last = Some(address);
                        return Ok(stream);
                    }
                    Err(failure) if matches!(failure.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                        error = Error::Timeout(Timeout::Connect);
                        silent.push(address);
                    }
                    Err(failure) => error = failure.into(),
                }
            }
            addresses = silent;
            if left().is_zero() {
                break;
            }
        }
        Err(error)
    }

    #[cfg(unix)]
    fn unix(path: &Path) -> io::Result<UnixStream> {
        // This blocks while the backlog of a server that accepts nothing is full, until that server ends or accepts.
        UnixStream::connect(path)
    }
}

impl<In: Transport> Connector<In> for Dialer {
    type Out = Either<In, SocketTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        // A tunnel through a proxy.
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let config = details.config;
        #[cfg(unix)]
        if let Some(path) = &self.socket {
            return Ok(Some(Either::B(SocketTransport::new(Self::unix(path)?, config))));
        }
        // ureq would bypass a proxy of a kind that it was built without.
        if config.proxy().is_some_and(|proxy| !proxy.is_no_proxy(details.uri)) {
            return Err(io::Error::new(ErrorKind::Unsupported, "only http proxies are supported").into());
        }
        let stream = self.tcp(&details.addrs, MAX_CONNECT.min(*details.timeout.after))?;
        stream.set_nodelay(true)?;
        Ok(Some(Either::B(SocketTransport::new(stream, config))))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// An address that is reserved for documentation. Packets to it are lost, or there is no route.
    const DEAD: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 80);

    #[test]
    fn dead_addresses_are_skipped_and_the_last_good_one_is_tried_first() {
        let dialer = Dialer::default();
        let ((one, first), (_other, second)) = (listener(), listener());
        let connect = |addresses: &[SocketAddr]| {
            let started = Instant::now();
            let peer = dialer.tcp(addresses, Duration::from_secs(60)).unwrap().peer_addr().unwrap();
            (peer, started.elapsed())
        };
        let (peer, took) = connect(&[DEAD, first, second]);
        assert_eq!(peer, first);
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert_eq!(connect(&[second, DEAD, first]).0, first);
        drop(one);
        assert_eq!(connect(&[DEAD, first, second]).0, second);
        assert_eq!(connect(&[first, second]).0, second);
    }

    #[test]
    fn addresses_that_do_not_answer_take_no_longer_than_the_budget() {
        let started = Instant::now();
        let budget = Duration::from_millis(50);
        assert!(Dialer::default().tcp(&[DEAD; 16], budget).is_err());
        assert!(started.elapsed() < Duration::from_secs(10));
        assert!(matches!(Dialer::default().tcp(&[], budget), Err(Error::HostNotFound)));
    }
}
