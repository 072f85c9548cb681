//! Serves by hand: `cargo run -p llmobs-local-provider -- --port 8080`.

use std::error::Error;
use std::{env, thread};

use llmobs_local_provider::LocalProvider;

#[expect(clippy::print_stdout, reason = "a person reads it")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let port = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => env::var("PORT").unwrap_or_else(|_| "0".to_owned()),
        ["--port", port] => (*port).to_owned(),
        _ => return Err("usage: llmobs-local-provider [--port PORT]".into()),
    };
    let provider = LocalProvider::start_on(port.parse()?)?;
    println!("{}", provider.url());
    loop {
        thread::park();
    }
}
