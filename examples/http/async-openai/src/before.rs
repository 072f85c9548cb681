//! Answers a question with the help of a tool, which converts miles. The answer is printed as it arrives.
//!
//! ```text
//! cargo run -p async-openai-example -- "How many kilometers is a marathon of 26.2 miles?"
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionRequestAssistantMessageArgs, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, ChatCompletionTool, CreateChatCompletionRequestArgs, FunctionObjectArgs,
};
use example_provider::Provider;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

const QUESTION: &str = "How many kilometers are in a mile?";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = Provider::openai();
    let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).build()?;
    let client =
        Client::with_config(OpenAIConfig::new().with_api_base(&provider.url).with_api_key(&provider.key))
            .with_http_client(http);
    let assistant = Assistant { client, model: provider.model.clone() };
    assistant.answer(&env::args().nth(1).unwrap_or_else(|| QUESTION.to_owned())).await?;
    println!();
    Ok(())
}

struct Assistant {
    client: Client<OpenAIConfig>,
    model: String,
}

impl Assistant {
    /// Asks the model, and runs the tools that it calls, until it answers.
    async fn answer(&self, question: &str) -> Result<String, Box<dyn Error>> {
        let mut messages: Vec<ChatCompletionRequestMessage> = vec![
            ChatCompletionRequestSystemMessage::from("Use the tool for conversions. Be brief.").into(),
            ChatCompletionRequestUserMessage::from(question).into(),
        ];
        loop {
            let (text, calls) = self.turn(messages.clone()).await?;
            if calls.is_empty() {
                return Ok(text);
            }
            let tool_calls: Vec<_> = calls.iter().cloned().map(Into::into).collect();
            let message =
                ChatCompletionRequestAssistantMessageArgs::default().tool_calls(tool_calls).build()?;
            messages.push(message.into());
            for ChatCompletionMessageToolCall { id, function } in calls {
                let arguments: Value = serde_json::from_str(&function.arguments)?;
                let kilometers = kilometers(arguments["miles"].as_f64().unwrap_or_default());
                let content = format!("{kilometers} km").into();
                messages.push(ChatCompletionRequestToolMessage { content, tool_call_id: id }.into());
            }
        }
    }

    /// Asks the model once, and prints its answer. Returns the answer, and its tool calls.
    async fn turn(
        &self,
        messages: Vec<ChatCompletionRequestMessage>,
    ) -> Result<(String, Vec<ChatCompletionMessageToolCall>), Box<dyn Error>> {
        let tool = FunctionObjectArgs::default()
            .name("kilometers")
            .description("Converts miles to kilometers.")
            .parameters(json!({
                "type": "object",
                "properties": {"miles": {"type": "number"}},
                "required": ["miles"],
            }))
            .build()?;
        let request = CreateChatCompletionRequestArgs::default()
            .model(&self.model)
            .messages(messages)
            .tools(ChatCompletionTool { function: tool })
            .stream_options(ChatCompletionStreamOptions {
                include_usage: Some(true),
                include_obfuscation: None,
            })
            .build()?;
        let (mut text, mut calls) = (String::new(), Vec::<ChatCompletionMessageToolCall>::new());
        let mut chunks = self.client.chat().create_stream(request).await?;
        while let Some(chunk) = chunks.next().await {
            let Some(choice) = chunk?.choices.into_iter().next() else { continue };
            if let Some(piece) = choice.delta.content {
                print!("{piece}");
                io::stdout().flush()?;
                text.push_str(&piece);
            }
            // The first part of a call has its id and its name; the others have more of its arguments.
            for part in choice.delta.tool_calls.into_iter().flatten() {
                if let Some(id) = part.id {
                    calls.push(ChatCompletionMessageToolCall { id, ..Default::default() });
                }
                if let (Some(call), Some(function)) = (calls.last_mut(), part.function) {
                    call.function.name.push_str(&function.name.unwrap_or_default());
                    call.function.arguments.push_str(&function.arguments.unwrap_or_default());
                }
            }
        }
        Ok((text, calls))
    }
}

fn kilometers(miles: f64) -> f64 {
    miles * 1.609_344
}
