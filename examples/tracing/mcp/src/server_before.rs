//! A server with a tool that converts miles. It communicates over standard input and output.
//!
//! ```text
//! cargo run -p mcp-example --bin server
//! ```

use std::error::Error;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::transport::stdio;
use rmcp::{ServiceExt as _, schemars, tool, tool_router};
use serde::Deserialize;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Converter.serve(stdio()).await?;
    server.waiting().await?;
    Ok(())
}

struct Converter;

#[derive(Deserialize, schemars::JsonSchema)]
struct Distance {
    miles: f64,
}

#[tool_router(server_handler)]
impl Converter {
    #[tool(description = "Converts miles to kilometers.")]
    async fn kilometers(&self, Parameters(Distance { miles }): Parameters<Distance>) -> String {
        format!("{} km", miles * 1.609_344)
    }
}
