//! One trace through two processes: a client and a server that answers its request, over a socket on this machine.
//!
//! ```text
//! cargo run --example distributed
//! ```
//!
//! Each process prints its part of the trace on standard error. With `DD_API_KEY` or a Datadog Agent, Datadog combines both parts.

#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use llmobs::{Config, Exporter};

/// The argument with which the program starts itself again, as the server.
const SERVER: &str = "server";

fn main() -> Result<(), Box<dyn Error>> {
    let _llmobs = Config::from_env().ml_app("distributed").default_exporter(Exporter::Console).init()?;
    if std::env::args().nth(1).as_deref() == Some(SERVER) { serve_once() } else { ask_the_server() }
}

fn ask_the_server() -> Result<(), Box<dyn Error>> {
    let mut server = Command::new(std::env::current_exe()?).arg(SERVER).stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    BufReader::new(server.stdout.take().ok_or("no output of the server")?).read_line(&mut address)?;
    let answer = ask(address.trim(), "What is a span?")?;
    println!("{answer}");
    server.wait()?;
    Ok(())
}

/// The span of the client. The headers of the request contain its ids.
#[llmobs::workflow(skip(address))]
fn ask(address: &str, question: &str) -> std::io::Result<String> {
    let mut headers: Vec<(String, String)> = Vec::new();
    llmobs::inject(&mut headers);
    let mut stream = TcpStream::connect(address)?;
    for (name, value) in &headers {
        writeln!(stream, "{name}: {value}")?;
    }
    writeln!(stream, "\n{question}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

fn serve_once() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let (mut stream, _) = listener.accept()?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines.by_ref() {
        match line?.split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let question = lines.next().ok_or("no question")??;
    // Spans inside are children of the client's span.
    let answer = llmobs::extract(&headers).enter(|| answer(&question));
    writeln!(stream, "{answer}")?;
    Ok(())
}

#[llmobs::agent]
fn answer(question: &str) -> String {
    format!("{} {}", question, look_up("span"))
}

#[llmobs::retrieval]
fn look_up(word: &str) -> String {
    format!("A {word} is one step of a trace.")
}
