//! A scripted HTTP server on the loopback interface that fails like real servers: it answers late, hangs, resets connections, or is down.

mod reply;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use reply::End;
pub use reply::Reply;
#[cfg(feature = "tls")]
pub(crate) use wire::own_address;
use wire::{Address, Listener, Socket, Wire};

#[cfg(feature = "tls")]
use crate::tls::Identity;

/// Much longer than anything on the loopback interface takes, even on a loaded machine. Waits end as soon as their condition holds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The behaviour of a server. It is decided at three points: when a client has connected, when the head of a request has arrived, and when
/// the complete request has arrived.
///
/// ```
/// use llmobs_test_support::{Reply, Script};
///
/// let server = Script::new(|request| match request.number {
///     0..3 => Reply::status(503),
///     _ => Reply::accepted(),
/// })
/// .start();
/// ```
pub struct Script {
    connected: Decide<usize, Option<Reply>>,
    head: Decide<FaultRequest, Option<Reply>>,
    whole: Decide<FaultRequest, Reply>,
    info: Option<String>,
    keeps_bodies: bool,
    bytes_per_second: Option<usize>,
    #[cfg(feature = "tls")]
    identity: Option<Identity>,
}

type Decide<On, R> = Box<dyn Fn(&On) -> R + Send + Sync>;

impl Script {
    /// Answers each request other than `GET /info` when it is complete.
    pub fn new(answer: impl Fn(&FaultRequest) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            connected: Box::new(|_| None),
            head: Box::new(|_| None),
            whole: Box::new(answer),
            info: None,
            keeps_bodies: true,
            bytes_per_second: None,
            #[cfg(feature = "tls")]
            identity: None,
        }
    }

    /// Answers each request with 202.
    pub fn accepting() -> Self {
        Self::new(|_| Reply::accepted())
    }

    /// Replies before a request has arrived. The argument is the number of the connection, from 0.
    #[must_use]
    pub fn at_connection(mut self, reply: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        self.connected = Box::new(move |number| reply(*number));
        self
    }

    /// Replies before the body of a request is read. The body is empty then.
    #[must_use]
    pub fn at_head(mut self, reply: impl Fn(&FaultRequest) -> Option<Reply> + Send + Sync + 'static) -> Self {
        self.head = Box::new(reply);
        self
    }

    /// Answers `GET /info` like an Agent with these endpoints.
    #[must_use]
    pub fn agent_with(mut self, endpoints: &[&str]) -> Self {
        self.info = Some(serde_json::json!({ "version": "7.70.0", "endpoints": endpoints }).to_string());
        self
    }

    /// Keeps only the ids of events, not the bodies of requests.
    #[must_use]
    pub fn without_bodies(mut self) -> Self {
        self.keeps_bodies = false;
        self
    }

    /// Reads bodies no faster than this.
    #[must_use]
    pub fn reading(mut self, bytes_per_second: usize) -> Self {
        self.bytes_per_second = Some(bytes_per_second);
        self
    }

    /// Starts the server on a free port of `127.0.0.1`, the address of `localhost`.
    pub fn start_on_localhost(self) -> FaultServer {
        let server = self.absent_on(Ipv4Addr::LOCALHOST);
        server.resume();
        server
    }

    /// Starts the server on a free port.
    pub fn start(self) -> FaultServer {
        let server = self.absent();
        server.resume();
        server
    }

    /// Creates a server on a free port that is closed until it is resumed.
    pub fn absent(self) -> FaultServer {
        self.absent_on(wire::own_address())
    }

    fn absent_on(self, host: Ipv4Addr) -> FaultServer {
        let free = Address::Tcp(SocketAddr::from((host, 0)));
        let address = free.listen().expect("a free port").tcp_address().expect("an address");
        self.at(Address::Tcp(address))
    }

    /// Starts the server on a free port, with TLS.
    #[cfg(feature = "tls")]
    pub fn start_tls(mut self, identity: Identity) -> FaultServer {
        self.identity = Some(identity);
        self.start()
    }

    /// Creates a server at a Unix socket that is closed until it is resumed.
    pub fn absent_at(self, path: impl Into<PathBuf>) -> FaultServer {
        self.at(Address::Unix(path.into()))
    }

    fn at(self, address: Address) -> FaultServer {
        FaultServer {
            address,
            shared: Arc::new(Shared { script: self, state: Mutex::default(), changed: Condvar::new() }),
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct FaultRequest {
    /// The number of earlier requests other than `GET /info`.
    pub number: usize,
    /// The number of its connection, from 0.
    pub connection: usize,
    /// When its head had arrived.
    pub at: Instant,
    /// `GET` or `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The part of the body that has arrived.
    pub body: Vec<u8>,
}

impl FaultRequest {
    /// Returns the length that the head states.
    pub fn length(&self) -> usize {
        self.headers.get("content-length").map_or(0, |length| length.parse().expect("a length"))
    }

    /// Returns whether the body contains this text.
    pub fn has(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }

    fn is_info(&self) -> bool {
        self.method == "GET" && self.path.ends_with("/info")
    }
}

/// The counted parts of a body.
#[derive(Deserialize)]
#[serde(untagged)]
enum Events {
    Wrappers(Vec<Attributes>),
    Data { data: Data },
}

#[derive(Deserialize)]
struct Data {
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    #[serde(default)]
    spans: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    span_id: String,
}

/// The ids of the events in a body.
fn span_ids(body: &[u8]) -> Vec<String> {
    let lists = match serde_json::from_slice(body) {
        Ok(Events::Wrappers(wrappers)) => wrappers,
        Ok(Events::Data { data }) => vec![data.attributes],
        Err(_) => Vec::new(),
    };
    lists.into_iter().flat_map(|list| list.spans).map(|event| event.span_id).collect()
}

/// A server that follows a [`Script`], and counts what it receives.
pub struct FaultServer {
    address: Address,
    shared: Arc<Shared>,
}

struct Shared {
    script: Script,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The number of stops. Connections that were accepted before the last stop must end.
    stops: usize,
    is_up: bool,
    connections: usize,
    posts: usize,
    requests: Vec<FaultRequest>,
    /// How often each event was received, by span id.
    events: BTreeMap<String, usize>,
    /// Accepted bodies that are not in `events` yet: a client does not wait until they are read.
    unread: Vec<Vec<u8>>,
    /// The connections that are open.
    open: BTreeMap<usize, Socket>,
    /// The numbers of the connections whose request is complete, but not its answer.
    answering: BTreeSet<usize>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl FaultServer {
    /// Returns `http://127.…:PORT`, `https://localhost:PORT` or `unix:///path`.
    pub fn url(&self) -> String {
        match &self.address {
            #[cfg(feature = "tls")]
            Address::Tcp(address) if self.shared.script.identity.is_some() => format!("https://{address}"),
            Address::Tcp(address) => format!("http://{address}"),
            Address::Unix(path) => format!("unix://{}", path.display()),
        }
    }

    /// Stops listening, and closes all connections. An answer that is already decided is sent first, so that the client knows about all
    /// events that the server keeps. A Unix socket is not removed.
    pub fn stop(&self) {
        let accepting = {
            let mut state = self.shared.state();
            state.is_up = false;
            state.stops += 1;
            for (_, socket) in state.open.iter().filter(|(number, _)| !state.answering.contains(number)) {
                socket.shut_down();
            }
            state.accepting.take()
        };
        self.shared.changed.notify_all();
        if let Some(accepting) = accepting {
            self.address.knock();
            accepting.join().expect("a thread that ends");
        }
    }

    /// Stops listening, serves the connections that the system has accepted, waits until all are closed, and stops.
    pub fn drain(&self) {
        let accepting = {
            let mut state = self.shared.state();
            state.is_up = false;
            state.accepting.take()
        };
        if let Some(accepting) = accepting {
            self.address.knock();
            accepting.join().expect("a thread that ends");
        }
        self.wait_until_closed();
        self.stop();
    }

    /// Listens at the same address again.
    pub fn resume(&self) {
        let listener = self.address.listen().expect("the same address");
        let shared = Arc::clone(&self.shared);
        let mut state = self.shared.state();
        state.is_up = true;
        let stops = state.stops;
        state.accepting = Some(spawn(move || accept(&listener, &shared, stops)));
    }

    /// Returns how many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Returns the requests whose head has arrived, including `GET /info`.
    pub fn requests(&self) -> Vec<FaultRequest> {
        self.shared.state().requests.clone()
    }

    /// Returns these requests without `GET /info`.
    pub fn posts(&self) -> Vec<FaultRequest> {
        self.requests().into_iter().filter(|request| !request.is_info()).collect()
    }

    /// Returns how many requests other than `GET /info` arrived.
    pub fn post_count(&self) -> usize {
        self.shared.state().posts
    }

    /// Returns the times between consecutive requests, without `GET /info`.
    pub fn gaps(&self) -> Vec<Duration> {
        let state = self.shared.state();
        let times: Vec<Instant> =
            state.requests.iter().filter(|request| !request.is_info()).map(|request| request.at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Returns the port, or 0 for a Unix socket.
    pub fn port(&self) -> u16 {
        match &self.address {
            Address::Tcp(address) => address.port(),
            Address::Unix(_) => 0,
        }
    }

    /// Returns how many different events it keeps.
    pub fn events(&self) -> usize {
        self.shared.state().read_events().len()
    }

    /// Returns how many events arrived again.
    pub fn duplicates(&self) -> usize {
        self.shared.state().read_events().values().map(|times| times - 1).sum()
    }

    /// Waits until this many requests other than `GET /info` have arrived.
    pub fn wait_for_posts(&self, count: usize) {
        self.wait(&format!("{count} requests"), |state| state.posts >= count);
    }

    /// Waits until no connection is open.
    pub fn wait_until_closed(&self) {
        self.wait("the end of each connection", |state| state.open.is_empty());
    }

    /// Waits until this many connections were accepted.
    pub fn wait_for_connections(&self, count: usize) {
        self.wait(&format!("{count} connections"), |state| state.connections >= count);
    }

    fn wait(&self, what: &str, arrived: impl Fn(&State) -> bool) {
        let state = self.shared.state();
        let (_state, waited) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, |state| !arrived(state)).unwrap();
        assert!(!waited.timed_out(), "{what} did not arrive");
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for FaultServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaultServer").field(&self.url()).finish()
    }
}

impl State {
    fn read_events(&mut self) -> &BTreeMap<String, usize> {
        for id in std::mem::take(&mut self.unread).iter().flat_map(|body| span_ids(body)) {
            *self.events.entry(id).or_default() += 1;
        }
        &self.events
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits for this time, or until the server is stopped, which is an error.
    fn pause(&self, time: Duration, stops: usize) -> io::Result<()> {
        let state = self.state();
        let (state, _) =
            self.changed.wait_timeout_while(state, time, |state| state.stops == stops).expect("a state");
        if state.stops == stops { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    }

    /// Waits until the server is stopped.
    fn hang(&self, stops: usize) {
        let state = self.state();
        drop(self.changed.wait_while(state, |state| state.stops == stops));
    }
}

/// Starts a thread with a fixed stack size, regardless of `RUST_MIN_STACK`.
fn spawn(run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().stack_size(1024 * 1024).spawn(run).expect("a thread")
}

/// Serves connections, each on a separate thread, until the server is stopped.
fn accept(listener: &Listener, shared: &Arc<Shared>, stops: usize) {
    loop {
        let socket = listener.accept();
        let number = {
            let mut state = shared.state();
            let is_drained = matches!(&socket, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            if is_drained || state.stops != stops {
                return;
            }
            if !state.is_up {
                listener.stop_waiting();
            }
            // The process may have run out of descriptors.
            let Ok(clone) =
                socket.as_ref().map_err(|_| ()).and_then(|socket| socket.try_clone().map_err(|_| ()))
            else {
                drop(state);
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            let number = state.connections;
            state.connections += 1;
            state.open.insert(number, clone);
            number
        };
        let Ok(socket) = socket else { continue };
        shared.changed.notify_all();
        let shared = Arc::clone(shared);
        spawn(move || {
            // A client that has disconnected need not be reported.
            let _ = serve(&shared, socket, number, stops);
            let mut state = shared.state();
            state.answering.remove(&number);
            state.open.remove(&number);
            drop(state);
            shared.changed.notify_all();
        });
    }
}

fn serve(shared: &Shared, mut socket: Socket, number: usize, stops: usize) -> io::Result<()> {
    if let Some(reply) = (shared.script.connected)(&number) {
        reply.play(&mut socket, &|time| shared.pause(time, stops))?;
        match reply.end {
            End::Keep => {}
            End::Close => return Ok(()),
            End::Hang => {
                shared.hang(stops);
                return Ok(());
            }
        }
    }
    let mut wire = shared.script.wire(socket)?;
    while let Some(mut request) = read_head(&mut *wire, shared, number)? {
        let reply = match (shared.script.head)(&request) {
            Some(reply) => reply,
            None => {
                shared.script.read_body(&mut *wire, &mut request)?;
                match shared.reply(request, stops) {
                    Some(reply) => reply,
                    None => break,
                }
            }
        };
        reply.play(&mut wire, &|time| shared.pause(time, stops))?;
        if shared.is_answered(number, stops) {
            break;
        }
        match reply.end {
            End::Keep => {}
            End::Close => break,
            End::Hang => shared.hang(stops),
        }
    }
    Ok(())
}

impl Script {
    fn read_body(&self, wire: &mut dyn Wire, request: &mut FaultRequest) -> io::Result<()> {
        if request.headers.get("expect").is_some_and(|expected| expected == "100-continue") {
            wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body = vec![0; request.length()];
        for piece in request.body.chunks_mut(self.bytes_per_second.map_or(usize::MAX, |rate| rate / 50)) {
            wire.read_exact(piece)?;
            if self.bytes_per_second.is_some() {
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    fn wire(&self, socket: Socket) -> io::Result<Box<dyn Wire>> {
        #[cfg(feature = "tls")]
        if let Some(identity) = &self.identity {
            return identity.serve(socket).map(|stream| Box::new(stream) as Box<dyn Wire>);
        }
        Ok(Box::new(socket))
    }
}

impl Shared {
    /// Decides the reply to a complete request, and keeps its events before the client can get the reply. Returns `None` if the server was
    /// stopped.
    fn reply(&self, mut request: FaultRequest, stops: usize) -> Option<Reply> {
        let reply = match &self.script.info {
            Some(info) if request.is_info() => Reply::json(200, info),
            None if request.is_info() => Reply::status(404),
            _ => (self.script.whole)(&request),
        };
        let mut state = self.state();
        if state.stops != stops {
            return None;
        }
        state.answering.insert(request.connection);
        if reply.accepts {
            state.unread.push(request.body.clone());
        }
        if let Some(kept) = state.requests.iter_mut().find(|kept| kept.is_same(&request))
            && self.script.keeps_bodies
        {
            kept.body = std::mem::take(&mut request.body);
        }
        drop(state);
        self.changed.notify_all();
        Some(reply)
    }

    /// Records that an answer is sent, and returns whether the server was stopped meanwhile.
    fn is_answered(&self, connection: usize, stops: usize) -> bool {
        let mut state = self.state();
        state.answering.remove(&connection);
        state.stops != stops
    }
}

impl FaultRequest {
    fn is_same(&self, other: &Self) -> bool {
        (self.connection, self.at) == (other.connection, other.at)
    }
}

/// Reads a head byte by byte, so that nothing of the body is read with it. Returns `None` at the end of the connection.
fn read_head(wire: &mut dyn Wire, shared: &Shared, connection: usize) -> io::Result<Option<FaultRequest>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if wire.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(": "));
    let mut request = FaultRequest {
        number: 0,
        connection,
        at: Instant::now(),
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: Vec::new(),
    };
    let mut state = shared.state();
    request.number = state.posts;
    state.posts += usize::from(!request.is_info());
    state.requests.push(request.clone());
    drop(state);
    shared.changed.notify_all();
    Ok(Some(request))
}
