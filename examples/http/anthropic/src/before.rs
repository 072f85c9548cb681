//! Explains something in one sentence: a model drafts an explanation, and then shortens it. The second answer is printed as it arrives.
//!
//! ```text
//! cargo run -p anthropic-example -- "a solar eclipse"
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write as _};

use example_provider::Provider;
use reqwest::Response;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let retries = ExponentialBackoff::builder().build_with_max_retries(3);
    let http = ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(retries))
        .build();
    let claude = Claude { http, provider: Provider::anthropic() };
    let subject = env::args().nth(1).unwrap_or_else(|| "a solar eclipse".to_owned());
    explain(&claude, &subject).await?;
    println!();
    Ok(())
}

/// Drafts an explanation, and shortens it.
async fn explain(claude: &Claude, subject: &str) -> Result<String, Box<dyn Error>> {
    let draft = claude.ask(&format!("Explain {subject}.")).await?;
    claude.ask_aloud(&format!("Say this in one sentence: {draft}")).await
}

/// A client of the messages API.
struct Claude {
    http: ClientWithMiddleware,
    provider: Provider,
}

impl Claude {
    /// Asks the model, and returns its answer.
    async fn ask(&self, prompt: &str) -> Result<String, Box<dyn Error>> {
        let message: Value = serde_json::from_slice(&self.send(prompt, false).await?.bytes().await?)?;
        let blocks = message["content"].as_array().into_iter().flatten();
        Ok(blocks.filter_map(|block| block["text"].as_str()).collect())
    }

    /// Asks the model, prints its answer as it arrives, and returns it.
    async fn ask_aloud(&self, prompt: &str) -> Result<String, Box<dyn Error>> {
        let mut response = self.send(prompt, true).await?;
        let (mut text, mut unread) = (String::new(), Vec::new());
        while let Some(bytes) = response.chunk().await? {
            unread.extend_from_slice(&bytes);
            while let Some(end) = unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = unread.drain(..=end).collect();
                let Some(data) = line.strip_prefix(b"data: ") else { continue };
                let event: Value = serde_json::from_slice(data)?;
                if event["type"] == "error" {
                    return Err(event["error"]["message"].to_string().into());
                }
                if let Some(piece) = event["delta"]["text"].as_str() {
                    print!("{piece}");
                    io::stdout().flush()?;
                    text.push_str(piece);
                }
            }
        }
        Ok(text)
    }

    async fn send(&self, prompt: &str, stream: bool) -> Result<Response, Box<dyn Error>> {
        let Provider { url, key, model, .. } = &self.provider;
        let body = json!({
            "model": model,
            "max_tokens": 1024,
            "stream": stream,
            "messages": [{"role": "user", "content": prompt}],
        });
        let request = self.http.post(format!("{url}/v1/messages"));
        let request = request.header("x-api-key", key).header("anthropic-version", "2023-06-01");
        let response = request.json(&body).send().await?;
        if !response.status().is_success() {
            return Err(format!("{}: {}", response.status(), response.text().await?).into());
        }
        Ok(response)
    }
}
