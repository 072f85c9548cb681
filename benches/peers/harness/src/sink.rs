//! A server on the loopback address that receives spans over HTTP and counts them. It runs as a separate process, so that its work is not
//! part of any figure except wall-clock time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::{env, thread};

use memchr::memmem;

static EVENTS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// The counts of the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    pub events: u64,
    pub bytes: u64,
    pub requests: u64,
}

/// The server, until this is dropped.
pub struct Sink {
    child: Child,
    pub origin: String,
}

impl Sink {
    /// Starts this program again with the argument `sink`, or `sink hold`, which accepts requests and never answers.
    pub fn start(hold: bool) -> Self {
        let mut command = Command::new(env::current_exe().expect("the path of this program"));
        command.arg("sink").args(hold.then_some("hold"));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a second process");
        let mut origin = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut origin).expect("the address of the server");
        Self { child, origin: origin.trim().to_owned() }
    }

    pub fn taken(&self) -> Taken {
        let address = self.origin.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("the server");
        stream.write_all(b"GET /count HTTP/1.1\r\nconnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let body = answer.rsplit("\r\n").next().unwrap_or_default();
        let mut numbers = body.split_whitespace().map(|number| number.parse().expect("a number"));
        let mut next = || numbers.next().expect("three numbers");
        Taken { events: next(), bytes: next(), requests: next() }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until the standard input ends, which happens when the parent process ends. The first line of the output is the origin. `GET
/// /count` returns the number of events, bytes of bodies, and requests.
pub fn serve(hold: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    for stream in listener.incoming().flatten() {
        thread::spawn(move || answer_all(stream, hold));
    }
}

/// Some SDKs write a space after the colon.
fn events(key: &memmem::Finder<'_>, body: &[u8]) -> u64 {
    let values = key.find_iter(body).map(|at| body[at + key.needle().len()..].trim_ascii_start());
    values.filter(|value| value.starts_with(b"\"span\"")).count() as u64
}

/// Answers the requests of a connection until one is malformed or the other side closes it.
fn answer_all(stream: TcpStream, hold: bool) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let event = memmem::Finder::new(b"\"event_type\":");
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let is_count = line.starts_with("GET /count ");
        let is_post = line.starts_with("POST ");
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let Some((name, value)) = line.split_once(':') else { break };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "content-encoding" if value != "identity" => panic!("bodies in {value} cannot be counted"),
                "transfer-encoding" => panic!("bodies in {value} cannot be counted"),
                _ => {}
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
        if hold && is_post {
            loop {
                thread::park();
            }
        }
        let answer = if is_count {
            let counts = [&EVENTS, &BYTES, &REQUESTS].map(|count| count.load(SeqCst).to_string());
            counts.join(" ")
        } else {
            EVENTS.fetch_add(events(&event, &body), SeqCst);
            BYTES.fetch_add(length as u64, SeqCst);
            REQUESTS.fetch_add(1, SeqCst);
            "{}".to_owned()
        };
        let status = if is_count {
            "200 OK"
        } else if is_post {
            "202 Accepted"
        } else {
            "404 Not Found"
        };
        let length = answer.len();
        write!(
            writer,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
        )
        .ok()?;
        if is_count {
            return None;
        }
    }
}
