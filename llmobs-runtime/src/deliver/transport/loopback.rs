//! A server on the loopback interface. The test writes its side of each connection.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// The server's side of a connection.
pub(super) struct Connection<S>(BufReader<S>);

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// `POST /path`
    pub(super) target: String,
    /// In lower case.
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl<S: Read + Write> Connection<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// The head of the next request.
    pub(super) fn head(&mut self) -> Option<Request> {
        let mut request = Request::default();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if line.is_empty() {
                return Some(request);
            }
            if request.target.is_empty() {
                request.target = line.trim_end_matches(" HTTP/1.1").to_owned();
            } else {
                request.headers.push(line.to_ascii_lowercase());
            }
        }
    }

    /// The next request.
    pub(super) fn request(&mut self) -> Option<Request> {
        let mut request = self.head()?;
        let length = request.headers.iter().find_map(|header| header.strip_prefix("content-length: "));
        request.body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    /// Reads this many bytes.
    pub(super) fn skip(&mut self, bytes: u64) {
        let _ = io::copy(&mut self.0.by_ref().take(bytes), &mut io::sink());
    }

    /// Sends a text. Returns whether the peer accepts more.
    pub(super) fn send(&mut self, text: &str) -> bool {
        self.0.get_mut().write_all(text.as_bytes()).is_ok()
    }
}

/// Ends with its connections when it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    accepts: Option<JoinHandle<()>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Default)]
struct State {
    ended: AtomicBool,
    connections: AtomicUsize,
    /// The open connections, by number.
    streams: Mutex<HashMap<usize, TcpStream>>,
}

impl Server {
    /// Starts a server on a free port. `serve` gets each connection and its number.
    pub(super) fn start(serve: impl Fn(usize, &mut Connection<TcpStream>) + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), serve)
    }

    pub(super) fn at(
        address: SocketAddr,
        serve: impl Fn(usize, &mut Connection<TcpStream>) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (state, serve) = (Arc::<State>::default(), Arc::new(serve));
        let shared = Arc::clone(&state);
        let accepts = thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let stream = stream.unwrap();
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                shared.streams.lock().unwrap().insert(number, stream.try_clone().unwrap());
                let (serve, shared) = (Arc::clone(&serve), Arc::clone(&shared));
                thread::spawn(move || {
                    serve(number, &mut Connection::new(stream));
                    // This was the last clone of the stream, so the connection is closed, or reset if data was not read. A shutdown would not
                    // reset a connection whose receive buffer is full, and the peer would wait until its timeout.
                    shared.streams.lock().unwrap().remove(&number);
                });
            }
        });
        Self { address, state, accepts: Some(accepts), requests: Arc::default() }
    }

    /// Starts a server that answers each request with a text, on as few connections as the client needs, and keeps the requests.
    pub(super) fn answering(
        address: Option<SocketAddr>,
        answer: impl Fn(&Request) -> String + Send + Sync + 'static,
    ) -> Self {
        let kept = Arc::<Mutex<Vec<Request>>>::default();
        let requests = Arc::clone(&kept);
        let serve = move |_, connection: &mut Connection<TcpStream>| {
            while let Some(request) = connection.request() {
                let answer = answer(&request);
                requests.lock().unwrap().push(request);
                connection.send(&answer);
            }
        };
        let mut server = Self::at(address.unwrap_or_else(|| "127.0.0.1:0".parse().unwrap()), serve);
        server.requests = kept;
        server
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that were answered, in the order of their arrival: `POST /path`.
    pub(super) fn targets(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.target.clone()).collect()
    }

    pub(super) fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap()
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(accepts) = self.accepts.take() {
            accepts.join().unwrap();
        }
        for stream in self.state.streams.lock().unwrap().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
