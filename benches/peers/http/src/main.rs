//! The CPU time of reqwest for a streamed answer of 500 chunks of 300 bytes: alone, and inside `ClientLayer`.
//!
//! `http-clients GAP ROUNDS` prints a line of CSV for each round of each mode, in turn. GAP is the pause between two chunks in
//! microseconds; with 0 they are sent back to back. The server is a separate process.

use std::env;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::clock::{process_cpu, thread_cpu};
use llmobs::http::ClientLayer;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};

const CHUNKS: usize = 500;
const CHUNK_BYTES: usize = 300;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", gap] => serve(Duration::from_micros(gap.parse()?)),
        [gap, rounds] => measure(gap, rounds.parse()?),
        _ => Err("http-clients GAP ROUNDS".into()),
    }
}

fn measure(gap: &str, rounds: usize) -> Result<(), Error> {
    let mut server = Command::new(env::current_exe()?).args(["serve", gap]).stdout(Stdio::piped()).spawn()?;
    let mut url = String::new();
    BufReader::new(server.stdout.take().ok_or("no output of the server")?).read_line(&mut url)?;
    let file = llmobs::Exporter::File("/dev/null".into());
    let guard = llmobs::Config::new().ml_app("bench").exporter(file).init()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let alone = ClientBuilder::new(reqwest::Client::new()).build();
    let observed = ClientBuilder::new(reqwest::Client::new()).with(ClientLayer::new()).build();
    println!("mode,gap_us,round,caller_ns,process_ns");
    // The first rounds open connections and fill pools.
    for round in 0..rounds + 2 {
        let mut modes = [("alone", &alone), ("observed", &observed)];
        if round % 2 == 1 {
            modes.reverse();
        }
        for (mode, client) in modes {
            let (caller, process) = (thread_cpu(), process_cpu());
            let bytes = runtime.block_on(ask(client, url.trim()))?;
            llmobs::flush(Duration::from_secs(1));
            let (caller, process) = (thread_cpu() - caller, process_cpu() - process);
            assert_eq!(bytes, CHUNKS * CHUNK_BYTES + DONE.len());
            if round >= 2 {
                println!("{mode},{gap},{round},{caller},{process}");
            }
        }
    }
    drop(guard);
    server.kill()?;
    server.wait()?;
    Ok(())
}

/// Reads an answer to its end. Returns the number of bytes.
async fn ask(client: &ClientWithMiddleware, url: &str) -> Result<usize, Error> {
    let body =
        json!({ "model": "bench", "stream": true, "messages": [{ "role": "user", "content": "Hello" }] });
    let mut answer = client.post(url).json(&body).send().await?;
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await? {
        bytes += chunk.len();
    }
    Ok(bytes)
}

const DONE: &str = "data: [DONE]\n\n";

/// An event of OpenAI's chat of 300 bytes.
fn event() -> String {
    let with = |text: &str| {
        let delta = json!({ "index": 0, "delta": { "content": text }, "finish_reason": Value::Null });
        let chunk = json!({
            "id": "chatcmpl-BqZ6C4LX7zSD3qLVQ0Wb1", "object": "chat.completion.chunk", "created": 1_751_799_712,
            "model": "bench-2026-11-01", "service_tier": "default", "choices": [delta], "usage": Value::Null,
        });
        format!("data: {chunk}\n\n")
    };
    let text = "x".repeat(CHUNK_BYTES - with("").len());
    with(&text)
}

fn serve(gap: Duration) -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}/v1/chat/completions", listener.local_addr()?);
    for connection in listener.incoming() {
        let connection = connection?;
        thread::spawn(move || answer_all(connection, gap));
    }
    Ok(())
}

/// Answers the requests of a connection, until the client closes it.
fn answer_all(mut connection: TcpStream, gap: Duration) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let event = event();
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        connection.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )?;
        let mut next = Instant::now();
        for _ in 0..CHUNKS {
            write_chunk(&mut connection, &event)?;
            next += gap;
            // A sleep would be longer than the gap.
            while Instant::now() < next {
                std::hint::spin_loop();
            }
        }
        write_chunk(&mut connection, DONE)?;
        connection.write_all(b"0\r\n\r\n")?;
    }
}

fn write_chunk(connection: &mut TcpStream, text: &str) -> io::Result<()> {
    connection.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
}
