//! Runs the server from the command line: `cargo run -p llmobs-local-provider -- --port 8080`.

use std::error::Error;
use std::{env, thread};

use llmobs_local_provider::LocalProvider;

#[expect(clippy::print_stdout, reason = "a person reads it")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let port = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => env::var("PORT").unwrap_or_else(|_| "0".to_owned()),
        (Some("--port"), Some(port)) => port,
        _ => return Err("usage: llmobs-local-provider [--port PORT]".into()),
    };
    let provider = LocalProvider::start_on(port.parse()?)?;
    println!("{}", provider.url());
    loop {
        thread::park();
    }
}
