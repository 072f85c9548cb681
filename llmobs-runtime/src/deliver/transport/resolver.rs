//! Resolves host names to addresses.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

/// How long one attempt to send waits for the addresses of a name.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// The most addresses that ureq accepts.
const MAX_ADDRESSES: usize = 16;

/// Looks up names on separate threads, one at a time for each name, because the system's resolver cannot be interrupted: a lookup that
/// hangs costs one thread, however often the name is requested.
#[derive(Clone)]
pub(super) struct Names(Arc<Shared>);

struct Shared {
    look_up: fn(&str) -> io::Result<Vec<SocketAddr>>,
    /// The lookups whose results were not received yet.
    pending: Mutex<BTreeMap<String, Receiver<io::Result<Vec<SocketAddr>>>>>,
}

impl Default for Names {
    fn default() -> Self {
        Self::looked_up_by(|host| Ok(host.to_socket_addrs()?.collect()))
    }
}

impl Names {
    fn looked_up_by(look_up: fn(&str) -> io::Result<Vec<SocketAddr>>) -> Self {
        Self(Arc::new(Shared { look_up, pending: Mutex::default() }))
    }

    fn addresses(&self, host: String, wait: Duration) -> Result<Vec<SocketAddr>, Error> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let mut pending = self.0.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match pending.remove(&host) {
            Some(found) => found,
            None => self.start(host.clone())?,
        };
        match found.recv_timeout(wait) {
            Ok(addresses) => Ok(addresses?),
            Err(RecvTimeoutError::Timeout) => {
                pending.insert(host, found);
                Err(Error::Timeout(Timeout::Resolve))
            }
            Err(RecvTimeoutError::Disconnected) => Err(Error::HostNotFound),
        }
    }

    fn start(&self, host: String) -> io::Result<Receiver<io::Result<Vec<SocketAddr>>>> {
        let (found, result) = sync_channel(1);
        let look_up = self.0.look_up;
        thread::Builder::new().name("llmobs-dns".to_owned()).spawn(move || {
            // The receiver is gone once the client has ended.
            let _ = found.send(look_up(&host));
        })?;
        Ok(result)
    }
}

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.scheme().zip(uri.authority());
        let host = host.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let host = host.ok_or_else(|| Error::BadUri("no host".to_owned()))?;
        let mut resolved = self.empty();
        let addresses = self.addresses(host, MAX_WAIT.min(*timeout.after))?;
        for address in config.ip_family().keep_wanted(addresses.into_iter()).take(MAX_ADDRESSES) {
            resolved.push(address);
        }
        if resolved.is_empty() { Err(Error::HostNotFound) } else { Ok(resolved) }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_hanging_resolver_takes_one_thread_per_name() {
        static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
        static GATE: Mutex<()> = Mutex::new(());
        let closed = GATE.lock().unwrap();
        let names = Names::looked_up_by(|host| {
            LOOKUPS.fetch_add(1, Ordering::SeqCst);
            let _open = GATE.lock().unwrap();
            Ok(vec![host.replace("agent", "127.0.0.1").parse().unwrap()])
        });
        let lookup = |wait| names.addresses("agent:80".to_owned(), wait);
        for _ in 0..8 {
            assert!(matches!(lookup(Duration::from_millis(1)), Err(Error::Timeout(Timeout::Resolve))));
        }
        assert_eq!(names.addresses("127.0.0.1:7".to_owned(), Duration::ZERO).unwrap().len(), 1);
        drop(closed);
        // The late result is used, followed by another lookup.
        for count in [1, 2] {
            assert_eq!(lookup(Duration::from_secs(60)).unwrap(), ["127.0.0.1:80".parse().unwrap()]);
            assert_eq!(LOOKUPS.load(Ordering::SeqCst), count);
        }
    }

    #[test]
    fn a_name_without_addresses_is_not_found() {
        let names = Names::looked_up_by(|_| Ok(Vec::new()));
        let agent = ureq::Agent::with_parts(Config::default(), (), names);
        assert!(matches!(agent.get("http://agent/").call(), Err(Error::HostNotFound)));
        let names = Names::looked_up_by(|_| Err(io::ErrorKind::NotFound.into()));
        let agent = ureq::Agent::with_parts(Config::default(), (), names);
        assert!(matches!(agent.get("http://agent/").call(), Err(Error::Io(_))));
    }
}
