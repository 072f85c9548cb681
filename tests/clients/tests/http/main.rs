//! Calls of models by clients of HTTP that have the layer of `llmobs::http`. The table of `docs/model_calls.md` names these tests.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop"
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

/// The tests of a client, each with the content that it looks for.
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
client!(reqwest_middleware_openai: ByHand<ReqwestMiddleware, SpeaksChat>);
client!(reqwest_middleware_anthropic: ByHand<ReqwestMiddleware, SpeaksAnthropic>);
client!(reqwest_openai: ByHand<Reqwest, SpeaksChat>);
client!(reqwest_anthropic: ByHand<Reqwest, SpeaksAnthropic>);
client!(hyper_openai: ByHand<Hyper, SpeaksChat>);
client!(hyper_anthropic: ByHand<Hyper, SpeaksAnthropic>);
client!(rig_openai: RigChat);
client!(rig_anthropic: RigAnthropic);
