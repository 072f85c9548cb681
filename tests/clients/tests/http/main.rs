//! Model calls by HTTP clients with the layer of `llmobs::http`. The table in `docs/model_calls.md` names these tests.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics if it cannot continue"
)]

mod budget;
mod checks;
mod clients;
mod content;
mod ends;
mod expected;
mod lockstep;
mod nesting;
mod question;
mod run;
mod table;
mod unchanged;

/// The tests of a client, one for each content.
macro_rules! client {
    ($name:ident: $client:ty, $($content:ident)*) => {
        mod $name {
            use super::{checks, clients::*};

            $(
                #[test]
                fn $content() {
                    checks::$content::<$client>();
                }
            )*
        }
    };
    ($name:ident: $client:ty) => {
        client!($name: $client, messages tool_calls tokens cached_tokens first_token errors retries cancelled parents);
    };
}

client!(async_openai_chat: Chat);
client!(async_openai_responses: Responses);
client!(reqwest_middleware_openai: ByHand<ReqwestMiddleware, OpenAiChat>);
client!(reqwest_middleware_anthropic: ByHand<ReqwestMiddleware, AnthropicMessages>);
client!(reqwest_openai: ByHand<Reqwest, OpenAiChat>);
client!(reqwest_anthropic: ByHand<Reqwest, AnthropicMessages>);
client!(hyper_openai: ByHand<Hyper, OpenAiChat>);
client!(hyper_anthropic: ByHand<Hyper, AnthropicMessages>);
client!(rig_openai: RigChat);
client!(rig_anthropic: RigAnthropic);
