//! Documents of retrievals, and documents and vectors of embeddings.

use serde_json::{Value, json};

use super::{Given, annotated, annotated_within, arguments, input, output, returned};
use crate::base::kind::Kind;
use crate::model::captured::Source;

#[test]
fn retrieved_documents_keep_text_name_id_and_score() {
    let found = json!([
        "just text",
        { "text": "all", "name": "guide.md", "id": "d-1", "score": 0.75, "page": 3 },
        { "text": "score zero is a score", "score": 0 },
        { "text": "", "name": "", "id": "", "score": -0.0 },
        { "text": "a number as id", "id": 17, "score": "high" },
        { "text": "absent", "name": null, "id": null, "score": null },
    ]);
    let shown = json!({ "documents": [
        { "text": "just text" },
        { "text": "all", "name": "guide.md", "id": "d-1", "score": 0.75 },
        { "text": "score zero is a score", "score": 0 },
        { "text": "", "score": -0.0 },
        { "text": "a number as id", "id": "17" },
        { "text": "absent" },
    ] });
    assert_eq!(output(Kind::Retrieval, returned(&found)), shown);
    assert_eq!(output(Kind::Retrieval, annotated(&found)), shown);
    assert_eq!(input(Kind::Embedding, annotated(&found)), shown);
    for one in 0..6 {
        let alone = json!({ "documents": [shown["documents"][one]] });
        assert_eq!(output(Kind::Retrieval, returned(&found[one])), alone);
    }
    assert_eq!(output(Kind::Retrieval, returned(&json!([]))), Value::Null);
}

#[test]
fn values_that_are_not_documents_are_one_document_of_json() {
    for value in [
        json!([["text", 0.5], ["other", 0.25]]),
        json!([{ "text": "a" }, { "title": "no text" }]),
        json!({ "text": 7 }),
        json!({ "hits": [{ "text": "a" }] }),
        json!(3),
    ] {
        let shown = json!({ "documents": [{ "text": value.to_string() }] });
        assert_eq!(output(Kind::Retrieval, returned(&value)), shown);
        assert_eq!(output(Kind::Retrieval, annotated(&value)), shown);
    }
    // Tuples are JSON arrays.
    assert_eq!(
        output(Kind::Retrieval, returned(&[("text", 0.5), ("other", 0.25)])),
        json!({ "documents": [{ "text": r#"[["text",0.5],["other",0.25]]"# }] })
    );
}

#[test]
fn documents_that_were_cut_have_a_note() {
    let long = annotated_within(&["first", "second", "third"], 12);
    assert_eq!(
        output(Kind::Retrieval, long),
        json!({ "documents": [
            { "text": "first" },
            // Nine of twelve bytes precede it.
            { "text": "se… [3 bytes left out] …d" },
            { "text": "… [first 12 bytes]" },
        ] })
    );
}

#[test]
fn texts_of_an_embedding_come_from_its_arguments() {
    let embedding_input = |fields: &str| input(Kind::Embedding, arguments(fields));
    let texts = |texts: &[&str]| {
        let documents: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        json!({ "documents": documents })
    };
    assert_eq!(embedding_input(r#""text":"lamp""#), texts(&["lamp"]));
    assert_eq!(embedding_input(r#""texts":["lamp","bulb"]"#), texts(&["lamp", "bulb"]));
    assert_eq!(embedding_input(r#""model":"m","texts":["lamp","bulb"],"size":8"#), texts(&["lamp", "bulb"]));
    assert_eq!(
        embedding_input(r#""options":[],"weights":[1,2],"passages":[{"text":"lamp","id":"p"}]"#),
        json!({ "documents": [{ "text": "lamp", "id": "p" }] })
    );
    // A request of OpenAI, with one text and with several.
    assert_eq!(
        embedding_input(
            r#""body":{"model":"text-embedding-3-small","input":"lamp","encoding_format":"float"}"#
        ),
        texts(&["lamp"])
    );
    assert_eq!(
        embedding_input(r#""client":{"name":"c"},"body":{"model":"m","input":["lamp","bulb"]}"#),
        texts(&["lamp", "bulb"])
    );
    for fields in [r#""model":"m","text":"lamp""#, r#""tokens":[1,2,3]"#, r#""body":{"input":[[1,2]]}"#] {
        assert_eq!(embedding_input(fields), texts(&[&format!("{{{fields}}}")]));
    }
}

/// Returns the text that is shown for the result of an embedding function, given as JSON text.
fn vectors(json: &str) -> String {
    let shown = output(Kind::Embedding, Given(json.to_owned(), Source::Value));
    assert_eq!(shown.as_object().unwrap().len(), 1);
    shown["value"].as_str().unwrap().to_owned()
}

#[test]
fn vectors_are_counted_and_not_shown() {
    for (json, shown) in [
        ("[0.5,-1,2e-7]", "[1 embedding(s) returned with size 3]"),
        ("[[0.5,1],[2,3],[4,5]]", "[3 embedding(s) returned with size 2]"),
        ("[[7]]", "[1 embedding(s) returned with size 1]"),
        (
            r#"{"object":"list","model":"text-embedding-3-small","usage":{"prompt_tokens":4,"total_tokens":4},"data":[
                {"object":"embedding","index":0,"embedding":[0.1,0.2,0.3]},
                {"object":"embedding","index":1,"embedding":[0.4,0.5,0.6]}]}"#,
            "[2 embedding(s) returned with size 3]",
        ),
    ] {
        assert_eq!(vectors(json), shown);
    }
    // Annotated values are not changed.
    assert_eq!(output(Kind::Embedding, annotated(&[0.5, 1.0])), json!({ "value": "[0.5,1.0]" }));
}

#[test]
fn values_that_are_not_vectors_are_shown_unchanged() {
    for json in [
        "[]",
        "[[]]",
        "[[1,2],[3]]",
        "[[1,2],3]",
        r#"[1,"2"]"#,
        r#"[[1,2],["a","b"]]"#,
        r#"[[1,2],"a note…"]"#,
        r#"{"data":[]}"#,
        r#"{"data":[{"embedding":"AAAA"}]}"#,
        "12",
    ] {
        assert_eq!(vectors(json), json);
    }
    assert_eq!(vectors(r#""stored""#), "stored");
}

#[test]
fn vectors_in_a_cut_value_are_counted_up_to_the_cut() {
    let plain = vec![vec![0.25; 4]; 5];
    let response = json!({ "object": "list", "data": plain.iter().map(|vector| json!({ "embedding": vector })).collect::<Vec<_>>() });
    // Each vector is "[0.25,0.25,0.25,0.25]", 21 bytes, after a bracket or comma. It is complete if its last number
    // begins within the budget, which is after 16 of these 22 bytes.
    for limit in 17..=112 {
        let (whole, more) = match (limit + 5) / 22 {
            5 => (5, ""),
            whole => (whole, "more than "),
        };
        assert_eq!(
            vectors(&annotated_within(&plain, limit).0),
            format!("[{more}{whole} embedding(s) returned with size 4]"),
            "limit {limit}"
        );
    }
    let full = response.to_string().len();
    for limit in 50..full {
        let shown = vectors(&annotated_within(&response, limit).0);
        assert!(
            shown.starts_with('[') && shown.ends_with("embedding(s) returned with size 4]"),
            "limit {limit}: {shown}"
        );
    }
}

#[test]
fn texts_of_a_library_request_are_read_without_a_model() {
    let fields = r#""model":"m","request":{"input":{"Batch":["one","two"]}}"#;
    let shown = json!({ "documents": [{ "text": "one" }, { "text": "two" }] });
    assert_eq!(input(Kind::Embedding, arguments(fields)), shown);
}
