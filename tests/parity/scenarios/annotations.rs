//! Annotations of spans: messages, documents, metadata, prompts, applications.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use llmobs::content::{MediaPart, Message};
use llmobs::prompt::{Prompt, TemplateMessage};

use super::{Difference, flushed};

fn llm(name: &'static str) -> llmobs::Span {
    llmobs::llm(name).model_name("m").start()
}

pub(super) fn annotate_llm_shapes() -> Value {
    flushed(|| {
        fn both(name: &'static str, value: impl Serialize) {
            llm(name).annotate(|note| {
                note.input(&value).output(&value);
            });
        }
        both("string", "hi");
        both("dict_content_only", json!({ "content": "hi" }));
        both("dict_role", Message::user("hi"));
        both("dict_no_content", json!({ "role": "assistant" }));
        both("list_strings", ["a", "b"]);
        both("list_dicts", [Message::system("s"), Message::user("u")]);
        both("mixed", ("a", Message::user("u")));
        let unknown =
            json!({ "role": "user", "content": "u", "name": "bob", "id": "m1", "tool_id": "t", "x": 1 });
        both("unknown_keys", unknown);
        both("empty_list", [0_u8; 0]);
        both("empty_string", "");
        both("empty_role", Message::new("", "c"));
        both("messages_obj", [Message::user("obj")]);
        let audio = Message::user("").audio(MediaPart::base64("audio/wav", "UklGRg=="));
        both("audio", audio.audio(MediaPart::attachment("audio/mp3", "k1")));
        let image = Message::user("look").image(MediaPart::base64("image/png", "iVBORw0="));
        both("image", image.image(MediaPart::attachment("image/png", "k2")));
        both("bad_int", 5);
        both("bad_content_type", json!({ "content": 5 }));
        both("bad_content_none", json!({ "content": null, "role": "user" }));
        both("bad_role", json!({ "content": "x", "role": 5 }));
        both("bad_nested", [["x"]]);
        let part = |part: Value| json!({ "content": "", "audio_parts": [part] });
        both("bad_audio_both", part(json!({ "mime_type": "a/b", "content": "x", "attachment_key": "y" })));
        both("bad_audio_none", part(json!({ "mime_type": "a/b" })));
        both("bad_image_mime", json!({ "content": "", "image_parts": [{ "content": "x" }] }));
        both("false", false);
        both("zero", 0);
    })
}

/// Sets this content as the input or output of the event with this name.
fn set_content(events: &mut [Value], name: &str, sides: &[&str], content: &Value) {
    let event = events.iter_mut().find(|event| event["name"] == name).expect("an event with this name");
    for side in sides {
        event["meta"][*side] = content.clone();
    }
}

pub(super) const ANNOTATE_LLM_SHAPES: &[Difference] = &[NO_MESSAGE, PARTS];

const NO_MESSAGE: Difference = Difference {
    name: "values that are not messages are recorded as text",
    reason: "annotations never fail and lose nothing; a warning names the expected form",
    apply: |events| {
        for (name, text) in [
            ("bad_int", "5"),
            ("bad_content_type", r#"{"content":5}"#),
            ("bad_role", r#"{"content":"x","role":5}"#),
            ("bad_nested", r#"[["x"]]"#),
            ("false", "false"),
            ("zero", "0"),
        ] {
            let content = json!({ "messages": [{ "content": text, "role": "" }] });
            set_content(events, name, &["input", "output"], &content);
        }
        let empty = json!({ "messages": [{ "content": "", "role": "user" }] });
        set_content(events, "bad_content_none", &["input", "output"], &empty);
    },
};

const PARTS: Difference = Difference {
    name: "invalid parts of a message are kept as far as possible",
    reason: "the rest of the message is valid; a warning names the expected form",
    apply: |events| {
        for (name, parts) in [
            ("bad_audio_both", json!({ "audio_parts": [{ "mime_type": "a/b", "content": "x" }] })),
            ("bad_audio_none", json!({})),
            (
                "bad_image_mime",
                json!({ "image_parts": [{ "mime_type": "application/octet-stream", "content": "x" }] }),
            ),
        ] {
            let mut message = json!({ "content": "", "role": "" });
            message.as_object_mut().expect("a message").extend(parts.as_object().expect("parts").clone());
            set_content(events, name, &["input", "output"], &json!({ "messages": [message] }));
        }
    },
};

pub(super) fn annotate_embedding_shapes() -> Value {
    flushed(|| {
        let embedding = |name: &'static str| llmobs::embedding(name).model_name("e").start();
        let input = |name: &'static str, value: Value| {
            embedding(name).annotate(|note| {
                note.input(value);
            });
        };
        input("string", json!("t"));
        input("list_strings", json!(["a", "b"]));
        input("dict", json!({ "text": "t" }));
        input("dict_full", json!({ "text": "t", "name": "n", "id": "i", "score": 0.5, "extra": 1 }));
        input("list_dicts", json!([{ "text": "a" }, { "text": "b", "score": 1 }]));
        embedding("docs_obj").annotate(|note| {
            note.input(llmobs::content::Document::new("obj"));
        });
        embedding("score_zero").annotate(|note| {
            note.input(llmobs::content::Document::new("a").score(0));
        });
        input("bad_no_text", json!({ "name": "x" }));
        input("bad_int", json!(3));
        input("bad_text_type", json!({ "text": 3 }));
        input("bad_name", json!({ "text": "t", "name": 1 }));
        input("bad_score", json!({ "text": "t", "score": "x" }));
        input("empty_list", json!([]));
        input("empty_string", json!(""));
        let output = |name: &'static str, value: Value| {
            embedding(name).annotate(|note| {
                note.output(value);
            });
        };
        output("o_string", json!("s"));
        output("o_list", json!([0.1, 0.2]));
        output("o_dict", json!({ "dim": 3 }));
        output("o_int", json!(3));
    })
}

const AS_TEXT: Difference = Difference {
    name: "values that are not documents are recorded as text",
    reason: "annotations never fail and lose nothing; a warning names the expected form",
    apply: |events| {
        let side = if events[0]["meta"]["input"].is_null() { "output" } else { "input" };
        for (name, text) in
            [("bad_no_text", r#"{"name":"x"}"#), ("bad_int", "3"), ("bad_text_type", r#"{"text":3}"#)]
        {
            if events.iter().any(|event| event["name"] == name) {
                set_content(events, name, &[side], &json!({ "documents": [{ "text": text }] }));
            }
        }
    },
};

pub(super) const ANNOTATE_EMBEDDING_SHAPES: &[Difference] = &[
    AS_TEXT,
    Difference {
        name: "fields of a document of a wrong type are left out",
        reason: "the text of the document is kept although its name or score is invalid",
        apply: |events| {
            let document = json!({ "documents": [{ "text": "t", "name": "1" }] });
            set_content(events, "bad_name", &["input"], &document);
            set_content(events, "bad_score", &["input"], &json!({ "documents": [{ "text": "t" }] }));
        },
    },
    Difference {
        name: "a score of zero is kept",
        reason: "zero is a valid score; the reference drops it by mistake",
        apply: |events| {
            set_content(
                events,
                "score_zero",
                &["input"],
                &json!({ "documents": [{ "text": "a", "score": 0 }] }),
            );
        },
    },
    Difference {
        name: "the output of an embedding is JSON",
        reason: "the reference writes the Python representation of a dictionary",
        apply: |events| set_content(events, "o_dict", &["output"], &json!({ "value": r#"{"dim":3}"# })),
    },
];

pub(super) fn annotate_retrieval_shapes() -> Value {
    flushed(|| {
        let output = |name: &'static str, value: Value| {
            llmobs::retrieval(name).start().annotate(|note| {
                note.output(value);
            });
        };
        output("string", json!("t"));
        output("list_strings", json!(["a", "b"]));
        output("dict", json!({ "text": "t" }));
        output("dict_full", json!({ "text": "t", "name": "n", "id": "i", "score": 0.5, "extra": 1 }));
        output("list_dicts", json!([{ "text": "a" }, { "text": "b", "score": 1 }]));
        output("bad_no_text", json!({ "name": "x" }));
        output("bad_int", json!(3));
        output("empty_list", json!([]));
        let input = |name: &'static str, value: Value| {
            llmobs::retrieval(name).start().annotate(|note| {
                note.input(value);
            });
        };
        input("i_string", json!("s"));
        input("i_dict", json!({ "q": "x", "k": 3 }));
        input("i_list", json!([1, "a"]));
        input("i_int", json!(3));
    })
}

pub(super) const ANNOTATE_RETRIEVAL_SHAPES: &[Difference] = &[Difference {
    apply: |events| {
        for (name, text) in [("bad_no_text", r#"{"name":"x"}"#), ("bad_int", "3")] {
            set_content(events, name, &["output"], &json!({ "documents": [{ "text": text }] }));
        }
    },
    ..AS_TEXT
}];

pub(super) fn annotate_errors() -> Value {
    flushed(|| {
        llmobs::annotate(|note| {
            note.input("nobody is there");
        });
        let span = llmobs::workflow("w").start();
        span.annotate(|note| {
            note.prompt(Prompt::new("p").template("t")).metadata("applied", true).metric("bad", f64::NAN);
        });
        let ended = span.context();
        span.finish();
        ended.annotate(|note| {
            note.input("too late");
        });
    })
}

pub(super) const ANNOTATE_ERRORS: &[Difference] = &[Difference {
    name: "wrong types do not compile, and late annotations are ignored",
    reason: "annotations never fail, because telemetry should not stop a program",
    apply: |_| {},
}];

pub(super) fn metadata_all() -> Value {
    flushed(|| {
        let deep = (0..16)
            .rev()
            .fold(json!({ "leaf": [1, { "x": 1 }] }), |inner, level| json!({ format!("l{level}"): inner }));
        let deep_list = (0..16).fold(json!(["deepest"]), |inner, _| json!([inner]));
        let span = llmobs::llm("").model_name("m").start();
        span.annotate(|note| {
            note.metadata("temperature", 0.5)
                .metadata("max_tokens", 100)
                .metadata("s", "x")
                .metadata("n", ())
                .metadata("list", json!([1, { "a": 2 }]))
                .metadata("5", "intkey")
                .metadata("dc", json!({ "a": 1, "b": "x" }))
                .metadata("set", [1])
                .metadata("tuple", (1, 2));
        });
        span.annotate(|note| {
            note.metadata("deep", deep).metadata("deep_list", deep_list);
        });
        span.finish();
        let span = llmobs::workflow("dd").start();
        span.annotate(|note| {
            note.metadata("_dd", json!({ "spoof": 1 })).metadata("keep", 1);
        });
    })
}

pub(super) const METADATA_ALL: &[Difference] = &[
    Difference {
        name: "None is not sent as metadata",
        reason: "setters take an `Option`, and `None` has no effect",
        apply: |events| {
            let metadata = events[0]["meta"]["metadata"].as_object_mut().expect("metadata");
            metadata.remove("n");
        },
    },
    Difference {
        name: "values that only Python has",
        reason: "bytes, dates and objects with __str__ have no counterpart in serde, or one with another JSON form",
        apply: |events| {
            let metadata = events[0]["meta"]["metadata"].as_object_mut().expect("metadata");
            metadata.retain(|key, _| !["bytes", "dt", "obj"].contains(&key.as_str()));
        },
    },
    Difference {
        name: "the metadata key _dd is left out, with a warning",
        reason: "the key is reserved for Datadog, and values of a program could be mistaken for those of an SDK",
        apply: |events| events[1]["meta"]["metadata"] = json!({ "keep": 1 }),
    },
];

pub(super) fn ml_app_override() -> Value {
    flushed(|| {
        llmobs::workflow("root").ml_app("app-A").start().enter(|| {
            llmobs::task("inherits").start().finish();
            llmobs::task("overrides").ml_app("app-B").start().enter(|| {
                llmobs::tool("inherits-B").start().finish();
            });
        });
        llmobs::workflow("agent_service").ml_app("svc-A").start().finish();
        llmobs::workflow("both").ml_app("svc-wins").start().finish();
        llmobs::workflow("default").start().finish();
    })
}

pub(super) fn prompt_annotation() -> Value {
    flushed(|| {
        let prompted = |name: &'static str, prompt: Prompt| {
            llm(name).annotate(|note| {
                note.input("i").prompt(prompt);
            });
        };
        let greet = Prompt::new("greet").version("1.0").template("Hello {{name}}").variable("name", "Al");
        prompted("template", greet.tag("team", "x").label("production"));
        let chat = Prompt::new("chat").chat_template([
            TemplateMessage::new("system", "s"),
            TemplateMessage::new("user", "{{q}}"),
            TemplateMessage::placeholder("history"),
        ]);
        prompted("chat", chat.variable("q", "?"));
        let rag = Prompt::new("rag")
            .template("{{ctx}} {{question}}")
            .variable("ctx", "c")
            .variable("question", "q");
        prompted("rag", rag.context_variables(["ctx"]).query_variables(["question"]));
        prompted("minimal", Prompt::default().template("t"));
        prompted("empty", Prompt::default());
        prompted("id_only", Prompt::new("x"));
        prompted("int_var", Prompt::new("x").template("t").variable("n", 1));
        prompted("uuids", Prompt::new("x").template("t").uuid("u-1").version_uuid("u-2"));
        prompted("unknown_key", Prompt::new("x").template("t"));
        let span = llm("merge");
        span.annotate(|note| {
            note.prompt(Prompt::new("p").template("t1").variable("a", "1"));
        });
        span.annotate(|note| {
            note.prompt(Prompt::new("p").variable("b", "2"));
        });
        span.finish();
        let workflow = llmobs::workflow("wf-with-prompt").start();
        workflow.annotate(|note| {
            note.prompt(Prompt::new("inh").template("t"));
        });
        workflow.enter(|| llm("child-llm-inherits-prompt").finish());
    })
}

pub(super) const PROMPT_ANNOTATION: &[Difference] = &[Difference {
    name: "invalid prompts do not compile",
    reason: "the types do not allow two templates, or a version that is not a text",
    apply: |events| {
        events.retain(|event| event["name"].as_str().is_some_and(|name| !name.starts_with("bad_")));
    },
}];

struct Refusing;

impl Serialize for Refusing {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("refused"))
    }
}

struct Plain;

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PLAIN-STR")
    }
}

#[llmobs::workflow]
fn takes(o: &Plain) -> &Plain {
    o
}

pub(super) fn non_serialisable() -> Value {
    flushed(|| {
        llmobs::workflow("obj").start().annotate(|note| {
            note.input(Refusing).output("ok");
        });
        let nan = llm("nan-meta");
        nan.annotate(|note| {
            note.metadata("nan", f64::NAN).metric("nan", f64::NAN).metric("inf", f64::INFINITY);
        });
        nan.finish();
        takes(&Plain);
    })
}

pub(super) const NON_SERIALISABLE: &[Difference] = &[
    Difference {
        name: "values that only Python has",
        reason: "recursive dictionaries and objects with __str__ cannot be constructed; a Serialize that fails is replaced by a note",
        apply: |events| {
            events
                .retain(|event| !["rec", "lambda", "tool-arg-obj"].iter().any(|name| event["name"] == *name));
            let refused = "<parity::scenarios::annotations::Refusing: cannot be captured: refused>";
            events[0]["meta"]["input"]["value"] = json!(refused);
            events[0]["meta"]["output"]["value"] = json!("ok");
            let takes = events.last_mut().expect("the last event");
            takes["meta"]["input"]["value"] = json!(r#"{"o":"PLAIN-STR"}"#);
            takes["meta"]["output"]["value"] = json!("PLAIN-STR");
        },
    },
    Difference {
        name: "NaN and the infinities are not sent as numbers",
        reason: "JSON has no such numbers; as metrics they are left out with a warning, elsewhere they are texts",
        apply: |events| {
            events[1]["metrics"] = json!({});
            events[1]["meta"]["metadata"]["nan"] = json!("NaN");
        },
    },
];

pub(super) fn long_strings() -> Value {
    flushed(|| {
        let span = llmobs::llm("N".repeat(10_000)).model_name("M".repeat(10_000)).start();
        span.annotate(|note| {
            note.input("i".repeat(200_000)).tag("k".repeat(5_000), "v".repeat(10_000));
        });
    })
}

/// A Rust string cannot contain a lone surrogate, so it contains the replacement character.
pub(super) fn lone_surrogate() -> Value {
    flushed(|| {
        let lossy = "bad \u{fffd} surrogate";
        llmobs::workflow("s").start().annotate(|note| {
            note.input(lossy);
        });
        llmobs::workflow("good-one").start().annotate(|note| {
            note.input("fine");
        });
    })
}

pub(super) const LONE_SURROGATE: &[Difference] = &[Difference {
    name: "a lone surrogate becomes U+FFFD",
    reason: "a string in Rust cannot contain it; the fixture has the replacement, too, since serde_json cannot read the original",
    apply: |_| {},
}];
