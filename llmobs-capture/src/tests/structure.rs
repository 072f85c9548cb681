//! What is kept of values that do not fit: their structure, the question after images, the last item of a list.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};
use serde_json::{Value, json};

use super::{whole, within};

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json:.2000}"))
}

/// Returns random base64 from a fixed seed.
fn base64(length: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut random = fastrand::Rng::with_seed(20_251_125);
    (0..length).map(|_| char::from(ALPHABET[random.usize(..64)])).collect()
}

/// Returns a text of this many bytes, in which each word occurs once.
fn prose(length: usize) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.len() < length {
        number += 1;
        text.push_str(&format!("word{number} "));
    }
    text.truncate(length);
    text
}

#[derive(Clone, Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

#[test]
fn a_question_after_images_is_kept() {
    let image = format!("data:image/png;base64,{}", base64(500_000));
    let question = prose(5_000);
    let part = |url: &str| json!({ "type": "image_url", "image_url": { "url": url } });
    let mut content: Vec<Value> = (0..8).map(|_| part(&image)).collect();
    content.push(json!({ "type": "text", "text": question }));
    let messages = |content: &Value| json!([{ "role": "user", "content": content }]);
    let value = messages(&content.clone().into());
    assert_eq!(parsed(&within(&value, 10_000_000)), value);
    for limit in [20_000, 100_000, 1 << 20, 3_000_000] {
        let json = within(&value, limit);
        let mut expected = content.clone();
        for image in expected.iter_mut().take(8) {
            *image = part("data:image/png;base64,… [500000 bytes]");
        }
        assert_eq!(parsed(&json), messages(&expected.into()), "limit {limit}");
    }
}

#[test]
fn base64_becomes_a_note_and_other_texts_without_spaces_do_not() {
    let data = base64(10_000);
    assert_eq!(within(&data, 1000), "\"… [10000 bytes of base64]\"");
    assert_eq!(within(&[&data, "after"], 1000), "[\"… [10000 bytes of base64]\",\"after\"]");
    let uri = format!("data:audio/wav;codecs=1;base64,{data}");
    assert_eq!(within(&uri, 1000), "\"data:audio/wav;codecs=1;base64,… [10000 bytes]\"");
    let upper = format!("DATA:image/png;BASE64,{data}");
    assert_eq!(within(&upper, 1000), "\"DATA:image/png;BASE64,… [10000 bytes]\"");
    // A question after an image in the same text is kept.
    let question = format!("{uri} What is this?");
    assert!(within(&question, 1000).ends_with(" What is this?\""));
    for text in ["0123456789".repeat(100), "x".repeat(1000), "0f9a".repeat(250), format!("data:,{data}")] {
        assert!(within(&text, 500).contains(" bytes left out] …"), "{text:.20}");
    }
    assert_eq!(within(&data, 10_000), whole(&data));
}

#[test]
fn a_chat_keeps_all_roles_and_both_ends_of_each_message() {
    let chat: Vec<Message> = (0..200)
        .map(|number| Message {
            role: if number % 2 == 0 { "user" } else { "assistant" },
            content: format!("begin {number}: {} :end {number}", prose(20_000)),
        })
        .collect();
    for limit in [60_000, 200_000, 1 << 20, 3_000_000] {
        let json = within(&chat, limit);
        assert!(json.len() <= limit + 40 && json.len() > limit / 4, "{} bytes of {limit}", json.len());
        let messages = parsed(&json);
        assert_eq!(messages.as_array().unwrap().len(), 200);
        for (number, (message, original)) in messages.as_array().unwrap().iter().zip(&chat).enumerate() {
            let content = message["content"].as_str().unwrap();
            assert_eq!(message["role"], original.role);
            assert!(content.starts_with(&format!("begin {number}: word1 ")), "{content:.80}");
            assert!(content.ends_with(&format!(" :end {number}")), "{content:.80}");
            // The kept and omitted parts are the whole text.
            let (head, rest) = content.split_once("… [").unwrap();
            let (left_out, tail) = rest.split_once(" bytes left out] …").unwrap();
            let left_out: usize = left_out.parse().unwrap();
            assert_eq!(head.len() + left_out + tail.len(), original.content.len());
            assert!(original.content.starts_with(head) && original.content.ends_with(tail));
        }
    }
    assert_eq!(within(&chat, 5_000_000), serde_json::to_string(&chat).unwrap());
}

#[test]
fn strings_are_shortened_repeatedly_and_never_within_an_escape() {
    let texts = ["\"\\\n\u{1}", "é€😀", "plain \u{7}", "u\\u0041\\\\"].map(|text| text.repeat(400));
    let full = serde_json::to_string(&texts).unwrap();
    for limit in (0..full.len()).step_by(31) {
        let json = within(&texts, limit);
        assert!(json.len() <= limit + 120, "{} bytes of {limit}", json.len());
        let Value::Array(kept) = parsed(&json) else { panic!("{json}") };
        let kept = kept.iter().map(|text| text.as_str().unwrap()).filter(|text| !text.starts_with("… ["));
        for kept in kept {
            let text = texts.iter().find(|text| text.chars().next() == kept.chars().next()).unwrap();
            let Some((head, rest)) = kept.split_once("… [") else {
                assert_eq!(kept, text);
                continue;
            };
            if let Some((left_out, tail)) = rest.split_once(" bytes left out] …") {
                assert!(text.starts_with(head) && text.ends_with(tail), "limit {limit}: {kept}");
                let left_out: usize = left_out.parse().unwrap();
                assert_eq!(head.len() + left_out + tail.len(), text.len(), "limit {limit}: {kept}");
            }
        }
    }
    assert_eq!(within(&texts, full.len()), full);
}

#[test]
fn the_last_item_of_a_list_is_kept() {
    let numbers: Vec<u32> = (0..50_000).collect();
    assert_eq!(
        within(&numbers, 400),
        format!("[{},\"… [49909 of 50000 items left out]\",49999]", list(0..90))
    );
    // A list of short messages with a long last one.
    let mut chat = vec![Message { role: "user", content: "short".to_owned() }; 5_000];
    chat.push(Message { role: "user", content: prose(3_000) });
    let json = within(&chat, 10_000);
    assert!(json.len() < 10_040, "{} bytes", json.len());
    let messages = parsed(&json);
    let messages = messages.as_array().unwrap();
    let (last, rest) = messages.split_last().unwrap();
    let (note, kept) = rest.split_last().unwrap();
    assert!(kept.iter().all(|message| message["content"] == "short"));
    assert_eq!(*note, json!(format!("… [{} of 5001 items left out]", 5_000 - kept.len())));
    let content = last["content"].as_str().unwrap();
    assert!(
        content.starts_with("word1 word2 ") && content.ends_with(prose(3_000).split_at(2_600).1),
        "{content}"
    );
}

fn list(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[test]
fn nested_lists_and_later_fields_share_the_budget() {
    #[derive(Serialize)]
    struct Request {
        model: &'static str,
        conversations: Vec<Vec<u32>>,
        question: String,
    }
    let request =
        Request { model: "large", conversations: vec![(0..50_000).collect(); 3], question: prose(200) };
    let json = within(&request, 8_000);
    assert!(json.len() < 8_040, "{} bytes", json.len());
    let value = parsed(&json);
    assert_eq!((&value["model"], &value["question"]), (&json!("large"), &json!(prose(200))));
    let conversations = value["conversations"].as_array().unwrap();
    assert_eq!(conversations.len(), 3, "{conversations:?}");
    for list in conversations {
        let list = list.as_array().unwrap();
        assert_eq!(list.last().unwrap(), 49_999);
        assert!(list.len() > 20, "{list:?}");
    }
}

#[test]
fn a_first_item_that_is_too_large_is_kept_in_part() {
    let map: BTreeMap<u32, u32> = (0..1_000).map(|number| (number, number)).collect();
    let json = within(&(map, "the end"), 400);
    let value = parsed(&json);
    assert!(json.len() < 440, "{} bytes: {json}", json.len());
    assert_eq!(value[1], "the end");
    assert_eq!(value[0]["7"], 7);
    assert!(value[0]["…"].as_str().is_some_and(|note| note.starts_with("… [first ")), "{json}");
}

#[test]
fn a_last_item_that_does_not_fit_ends_with_a_note() {
    let map: BTreeMap<u32, u32> = (0..1_000).map(|number| (number, number)).collect();
    let json = within(&(list(0..20), list(0..30), [1, 2, 3], "four", map), 600);
    assert!(json.len() < 640, "{} bytes: {json}", json.len());
    let value = parsed(&json);
    let last = value.as_array().unwrap().last().unwrap();
    assert!(last.is_object() && last["…"].is_string(), "{json}");
}

/// A list that announces a wrong number of elements.
struct Wrong {
    announced: usize,
    elements: usize,
}

impl Serialize for Wrong {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.announced))?;
        for number in 0..self.elements {
            list.serialize_element(&format!("element {number}"))?;
        }
        list.end()
    }
}

#[test]
fn a_list_that_announces_a_wrong_length_is_valid() {
    for announced in [0, 1, 10, 50, 99, 100, 101, 1_000] {
        let list = Wrong { announced, elements: 100 };
        assert_eq!(parsed(&whole(&list)).as_array().unwrap().len(), 100);
        for limit in (0..1_700).step_by(7) {
            let json = within(&json_pair(&list), limit);
            parsed(&json);
            assert!(json.len() <= limit + 90, "{} bytes of {limit}: {json}", json.len());
        }
    }
}

fn json_pair<T: Serialize>(value: &T) -> (&T, &'static str) {
    (value, "after")
}

/// A mixed value with long strings and long lists.
fn mixed() -> Value {
    json!({
        "images": [format!("data:image/png;base64,{}", base64(500)), base64(300)],
        "messages": (0..12).map(|number| json!({
            "role": "user",
            "content": [{ "type": "text", "text": format!("{number} \"{}\" é😀\n", prose(40 * number)) }],
        })).collect::<Vec<_>>(),
        "numbers": [(0..100).collect::<Vec<_>>(), [[[1, 2, 3], [4.5, null, true]], {}], [[], "x]"]],
        "settings": { "a": { "b": { "c:": ["{", "[1,2", { "d": prose(400) }] } } },
        "tail": "the end",
    })
}

#[test]
fn every_budget_gives_valid_json_of_about_that_size() {
    let value = mixed();
    let full = serde_json::to_string(&value).unwrap();
    let mut ends = 0;
    for limit in 0..full.len() + 10 {
        let json = within(&value, limit);
        let kept = parsed(&json);
        assert!(json.len() <= limit + 100, "limit {limit}: {} bytes: {json}", json.len());
        assert_eq!(json == full, limit >= full.len() - 3, "limit {limit}");
        ends += usize::from(kept["tail"] == "the end");
    }
    assert!(ends * 10 > full.len() * 4, "{ends} of {} budgets keep the end", full.len());
}

/// A text from a formatter next to a plain one.
struct Formatted<'a>(&'a str);

impl Serialize for Formatted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.0, self.0))
    }
}

#[test]
fn formatted_texts_are_shortened_like_others() {
    let texts: Vec<String> =
        (0..6).map(|number| format!("{number}\n{}", prose(300 + 100 * number))).collect();
    let pairs: Vec<(Formatted<'_>, &String)> = texts.iter().map(|text| (Formatted(text), text)).collect();
    let full = serde_json::to_string(&pairs).unwrap();
    for limit in (0..full.len() + 5).step_by(3) {
        let json = within(&pairs, limit);
        let kept = parsed(&json);
        assert!(json.len() <= limit + 120, "limit {limit}: {} bytes: {json}", json.len());
        assert!(limit < full.len() || json == full);
        for (number, pair) in
            kept.as_array().unwrap().iter().enumerate().take(if limit > 2_500 { 6 } else { 0 })
        {
            for text in pair.as_array().unwrap() {
                assert!(
                    text.as_str().unwrap().starts_with(&format!("{number}\nword1")),
                    "limit {limit}: {json}"
                );
            }
        }
    }
}
