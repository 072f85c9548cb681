//! `output = …`

use super::*;

#[derive(Debug, PartialEq)]
struct Reply {
    text: String,
    tokens: u64,
}

fn reply(prompt: &str) -> Reply {
    Reply { text: prompt.to_uppercase(), tokens: 5 }
}

fn summarize(reply: &Reply) -> &str {
    &reply.text
}

#[llmobs::llm(output = ret.text, metrics(output_tokens = ret.tokens))]
fn plain(prompt: &str) -> Reply {
    reply(prompt)
}

#[llmobs::llm(output = summarize(ret))]
fn by_function(prompt: &str) -> std::io::Result<Reply> {
    if prompt.is_empty() { Err(std::io::Error::other("no prompt")) } else { Ok(reply(prompt)) }
}

#[llmobs::llm(output = format!("{prompt} -> {}", ret.text))]
async fn with_arguments(prompt: &str) -> Reply {
    reply(prompt)
}

macro_rules! by_example {
    ($name:ident, $($option:tt)*) => {
        #[llmobs::llm($($option)*, metadata(text = ret.text))]
        fn $name(prompt: &str) -> Reply {
            reply(prompt)
        }
    };
}
by_example!(made_by_example, output = ret.text);

#[test]
fn works_in_macros_by_example() {
    let event = events(|| drop(made_by_example("a"))).swap_remove(0);
    assert_eq!(event["meta"]["output"]["messages"][0]["content"], "A");
    assert_eq!(event["meta"]["metadata"]["text"], "A");
}

#[test]
fn is_the_value_of_the_expression() {
    let tree = expect![[r#"
        llm plain  in user: a  out assistant: A
        llm by_function  in user: b  out assistant: B
        llm by_function  in user:   error std::io::error::Error: no prompt
        llm with_arguments  in user: c  out assistant: c -> C
    "#]];
    check(
        || {
            assert_eq!(plain("a"), reply("a"));
            assert_eq!(by_function("b").unwrap(), reply("b"));
            by_function("").unwrap_err();
            assert_eq!(pollster::block_on(with_arguments("c")), reply("c"));
        },
        &tree,
    );
    let events = events(|| drop(plain("a")));
    assert_eq!(events[0]["metrics"], json!({ "output_tokens": 5 }));
}
