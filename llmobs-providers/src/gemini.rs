//! Google's Gemini, also through Vertex AI.

pub(crate) mod embed;
pub(crate) mod generate;
pub(crate) mod interactions;
mod parts;

use crate::json::Json;
pub(crate) use parts::part;

/// Returns a field by its name in camel case. Requests may also use snake case.
fn field<'j, 'a>(json: &'j Json<'a>, name: &str) -> &'j Json<'a> {
    let found = json.fields().iter().rev().find(|(key, _)| is_name(key, name));
    found.map_or_else(|| json.get(name), |(_, value)| value)
}

/// Returns whether a key is a name in camel case, or the same name in snake case.
fn is_name(key: &str, name: &str) -> bool {
    let small = |byte: u8| byte.to_ascii_lowercase();
    key == name || key.bytes().filter(|byte| *byte != b'_').map(small).eq(name.bytes().map(small))
}

/// Returns the items of a list, or a single value.
fn items<'j, 'a>(value: &'j Json<'a>) -> &'j [Json<'a>] {
    match value {
        Json::Null => &[],
        Json::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

/// Returns the name of a model without its prefix.
fn model(name: &str) -> &str {
    name.strip_prefix("models/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use crate::json::Json;
    use crate::protocol::Protocol;

    #[test]
    fn bodies_are_told_from_others() {
        let of = |body: &str| Protocol::of_request(&Json::read(body).unwrap());
        let one = r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#;
        assert_eq!(of(one), Some(Protocol::GeminiGenerate));
        assert_eq!(of(r#"{"content":{"parts":[{"text":"Hi"}]}}"#), Some(Protocol::GeminiEmbed));
        assert_eq!(of(r#"{"instances":[{"content":"Hi"}]}"#), Some(Protocol::GeminiEmbed));
        assert_eq!(of(r#"{"model":"gemini-3-flash","input":"Hi"}"#), Some(Protocol::GeminiInteractions));
        for other in ["gpt-5", "gemini-embedding-001", "text-embedding-3-small"] {
            let body = format!(r#"{{"model":"{other}","input":"Hi"}}"#);
            assert_ne!(of(&body), Some(Protocol::GeminiInteractions), "{other}");
        }
    }

    #[test]
    fn fields_have_two_names() {
        let json = Json::read(r#"{"generation_config":1,"topK":2}"#).unwrap();
        assert_eq!(super::field(&json, "generationConfig").as_count(), Some(1));
        assert_eq!(super::field(&json, "topK").as_count(), Some(2));
        assert!(super::field(&json, "topP").is_null());
    }
}
