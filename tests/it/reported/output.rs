//! What is captured of what a function returned.

use std::error::Error;
use std::fmt;

use serde_json::json;

use crate::support::events;

/// tokio-rs/tracing#3190, #1583; apollographql/apollo-mcp-server#604
#[test]
fn return_value_is_a_field() {
    #[llmobs::task]
    fn number() -> u8 {
        7
    }

    #[llmobs::task]
    async fn checked(good: bool) -> Result<Vec<u8>, String> {
        if good { Ok(vec![1, 2]) } else { Err("bad".to_owned()) }
    }

    #[llmobs::task(output = ret.len(), metrics(first = ret.first().copied()))]
    fn made_of_it() -> std::io::Result<Vec<u8>> {
        Ok(vec![5])
    }

    let events = events(|| {
        number();
        pollster::block_on(checked(true)).unwrap();
        made_of_it().unwrap();
    });
    let outputs: Vec<_> = events.iter().map(|event| event["meta"]["output"]["value"].clone()).collect();
    assert_eq!(outputs, ["7", "[1,2]", "1"]);
    assert_eq!(events[2]["metrics"], json!({ "first": 5 }));
}

/// tokio-rs/tracing#2522, #3589
#[test]
fn error_marks_the_span() {
    type Checked = Result<u8, fmt::Error>;

    #[llmobs::task]
    fn fails() -> Checked {
        Err(fmt::Error)
    }

    #[llmobs::task]
    async fn fails_later() -> Checked {
        Ok(fails()? + 1)
    }

    let events = events(|| {
        pollster::block_on(fails_later()).unwrap_err();
    });
    // The spans are all there is: an error makes no event beside them.
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event["status"], "error");
        assert_eq!(event["meta"]["error"]["type"], "core::fmt::Error");
        assert_eq!(event["meta"].get("output"), None);
    }
}

/// tokio-rs/tracing#1311, #3578; dtolnay/anyhow#226; 0xMiden/node#683
#[test]
fn sources_of_an_error() {
    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_ref().map(|source| &**source as _)
        }
    }

    /// As reports do: the whole chain where it is asked for with `#`.
    struct Report(Layer);

    impl fmt::Display for Report {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}", self.0)?;
            match &self.0.1 {
                Some(source) if f.alternate() => write!(f, ": {source}"),
                _ => Ok(()),
            }
        }
    }

    fn layers() -> Layer {
        let refused = Layer("connection refused", None);
        Layer("no answer", Some(Box::new(Layer("request failed", Some(Box::new(refused))))))
    }

    #[llmobs::task]
    fn typed() -> Result<(), Layer> {
        Err(layers())
    }

    #[llmobs::task]
    async fn boxed() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err(layers().into())
    }

    #[llmobs::task]
    fn report() -> Result<(), Report> {
        Err(Report(layers()))
    }

    let events = events(|| {
        typed().unwrap_err();
        pollster::block_on(boxed()).unwrap_err();
        assert!(report().is_err());
    });
    let error = |index: usize, part: &str| events[index]["meta"]["error"][part].as_str().unwrap();
    for index in [0, 1] {
        assert_eq!(error(index, "message"), "no answer");
        let causes: Vec<_> = error(index, "stack").lines().skip(1).collect();
        assert_eq!(causes, ["Caused by: request failed", "Caused by: connection refused"]);
    }
    assert_eq!(error(2, "message"), "no answer: request failed");
}
