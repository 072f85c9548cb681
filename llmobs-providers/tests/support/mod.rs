//! Fixtures: files with a request, an answer, and the expected data of both.

#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use llmobs_providers::Endpoint;
use llmobs_providers::json::Json;
use serde_json::{Map, Value};

pub(crate) const LIMIT: usize = 1024 * 1024;

pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) url: String,
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) answer: Vec<u8>,
    /// The whole file.
    pub(crate) file: Value,
}

/// All fixtures, by name. `LLMOBS_FIXTURES` selects a family.
pub(crate) fn fixtures() -> &'static [Fixture] {
    static FIXTURES: OnceLock<Vec<Fixture>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let only = std::env::var("LLMOBS_FIXTURES").unwrap_or_default();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let files = files_below(&folder).into_iter().filter(|file| file.to_string_lossy().contains(&only));
        files.filter_map(|file| Fixture::load(&file)).collect()
    })
}

pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

impl Fixture {
    /// `None` for a file of another kind.
    fn load(path: &Path) -> Option<Self> {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let url = file["request"]["url"].as_str()?.to_owned();
        let answer = match &file["response"]["body"] {
            Value::String(text) => text.clone().into_bytes(),
            Value::Array(frames) if frames.iter().all(|frame| frame.get("payload").is_some()) => {
                frames.iter().flat_map(frame).collect()
            }
            other => serde_json::to_vec(other).unwrap(),
        };
        Some(Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            family: path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned(),
            url,
            request: file["request"]["body"].to_string(),
            status: u16::try_from(file["response"]["status"].as_u64().unwrap()).unwrap(),
            answer,
            file,
        })
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::of_url(&self.url).unwrap_or_else(|| panic!("{}: not a model call: {}", self.name, self.url))
    }

    pub(crate) fn read_request(&self) -> Value {
        let request = self.endpoint().request(&Json::read(&self.request).unwrap(), LIMIT);
        serde_json::to_value(request).unwrap()
    }

    pub(crate) fn read(&self, answer: &[u8]) -> Value {
        let mut reader = self.endpoint().reader().status(self.status);
        reader.push(answer);
        serde_json::to_value(reader.finish()).unwrap()
    }

    pub(crate) fn read_in_pieces(&self, cuts: impl IntoIterator<Item = usize>) -> Value {
        let mut reader = self.endpoint().reader().status(self.status);
        let mut start = 0;
        for cut in cuts.into_iter().chain([self.answer.len()]) {
            reader.push(&self.answer[start..cut]);
            start = cut;
        }
        serde_json::to_value(reader.finish()).unwrap()
    }

    /// Positions in the answer: all of them, or about two hundred.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.answer.len()).step_by((self.answer.len() / 200).max(1))
    }

    /// The differences from the expected data.
    pub(crate) fn difference(&self) -> Option<String> {
        let expected = &self.file["expect"];
        let mut lines = Vec::new();
        compare(
            "request",
            &without_empty(&self.read_request()),
            &without_empty(&expected["request"]),
            &mut lines,
        );
        compare_response(&self.read(&self.answer), &expected["response"], &mut lines);
        (!lines.is_empty()).then(|| format!("{}:\n  {}", self.name, lines.join("\n  ")))
    }
}

/// Adds a line for each difference between two responses. Only expected facts are compared.
pub(crate) fn compare_response(found: &Value, expected: &Value, lines: &mut Vec<String>) {
    let mut answer = without_empty(found);
    let wanted = expected["facts"].as_object().cloned().unwrap_or_default();
    let facts = answer.as_object_mut().and_then(|answer| answer.remove("facts")).unwrap_or_default();
    let found: Map<String, Value> =
        wanted.keys().filter_map(|key| Some((key.clone(), facts.get(key)?.clone()))).collect();
    if !found.is_empty() {
        answer["facts"] = found.into();
    }
    compare("response", &answer, &without_empty(expected), lines);
}

/// The bytes of a frame of AWS's event stream.
pub(crate) fn frame(frame: &Value) -> Vec<u8> {
    let payload = match &frame["payload"] {
        Value::String(text) => text.clone().into_bytes(),
        other => serde_json::to_vec(other).unwrap(),
    };
    let mut headers = Vec::new();
    for (name, value) in frame.as_object().unwrap().iter().filter(|(name, _)| name.starts_with(':')) {
        let value = value.as_str().unwrap();
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&u32::try_from(16 + headers.len() + payload.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(headers.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(&payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

/// A value without fields that are empty.
pub(crate) fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name, without_empty(value)))
            .filter(|(name, value)| ["role", "content", "text"].contains(&name.as_str()) || !is_empty(value))
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Adds a line for each difference between two values. The text `*` matches anything.
pub(crate) fn compare(path: &str, found: &Value, expected: &Value, lines: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let mut keys: Vec<_> = found.keys().chain(expected.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let get = |fields: &Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
                compare(&format!("{path}.{key}"), &get(found), &get(expected), lines);
            }
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(&format!("{path}[{index}]"), found, expected, lines);
            }
        }
        (_, Value::String(any)) if any == "*" && !found.is_null() => {}
        _ if found == expected => {}
        _ => lines.push(format!("{path}: found {found}, expected {expected}")),
    }
}
