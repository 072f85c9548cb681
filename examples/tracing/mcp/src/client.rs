//! Starts the server as a separate process, prints its tools, and calls one of them.
//!
//! ```text
//! cargo build -p mcp-example
//! cargo run -p mcp-example --bin client -- 26.2
//! ```

use std::env;
use std::error::Error;

use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::json;
use tokio::process::Command;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _llmobs = llmobs::Config::from_env().default_exporter(llmobs::Exporter::Console).init()?;
    let miles: f64 = env::args().nth(1).map_or(Ok(1.0), |argument| argument.parse())?;
    let client = llmobs::rmcp::Client::new(()).serve(TokioChildProcess::new(server()?)?).await?;
    for tool in client.list_all_tools().await? {
        println!("{}: {}", tool.name, tool.description.unwrap_or_default());
    }
    let arguments = json!({"miles": miles}).as_object().cloned().unwrap_or_default();
    let call = CallToolRequestParams::new("kilometers").with_arguments(arguments);
    for content in client.call_tool(call).await?.content {
        println!("{}", content.as_text().map_or("", |content| &content.text));
    }
    client.cancel().await?;
    Ok(())
}

/// The server, whose program is next to this one.
fn server() -> Result<Command, Box<dyn Error>> {
    let program = env::current_exe()?;
    let name = program.file_name().ok_or("a name")?.to_string_lossy().replace("client", "server");
    Ok(Command::new(program.with_file_name(name)))
}
