//! Arguments of a tool call that arrive one by one, each with its JSON path.

use llmobs_capture::value::weight_of;
use serde_json::{Map, Value};

use crate::json::Json;
use crate::room::{Room, Text};

/// The arguments so far, with their paths, in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Arguments(Vec<(String, Argument)>);

#[derive(Debug)]
enum Argument {
    /// A text, which arrives in pieces.
    Text(Text),
    Value(Value),
}

/// One step of a path.
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// The most steps of a path.
const MAX_STEPS: usize = 32;

impl Arguments {
    /// Adds a value, or the next piece of a text.
    pub(super) fn add(&mut self, path: &str, value: &Json<'_>, room: &mut Room) {
        if let (Some(piece), Some((last, Argument::Text(text)))) = (value.as_str(), self.0.last_mut())
            && last == path
        {
            return text.push(piece, room);
        }
        if room.entry().is_none() || !room.take(path.len()) {
            return;
        }
        let argument = if let Some(piece) = value.as_str() {
            let mut text = Text::default();
            text.push(piece, room);
            Argument::Text(text)
        } else {
            let value = value.to_value();
            if !room.take(weight_of(&value)) {
                return;
            }
            Argument::Value(value)
        };
        self.0.push((path.to_owned(), argument));
    }

    /// Moves the arguments into an object.
    pub(super) fn into_map(self, arguments: Map<String, Value>) -> Map<String, Value> {
        if self.0.is_empty() {
            return arguments;
        }
        let mut root = Value::Object(arguments);
        for (path, argument) in self.0 {
            let place = steps(&path).iter().try_fold(&mut root, go);
            if let Some(place) = place {
                *place = match argument {
                    Argument::Text(text) => Value::String(text.into_string()),
                    Argument::Value(value) => value,
                };
            }
        }
        match root {
            Value::Object(arguments) => arguments,
            other => Map::from_iter([("value".to_owned(), other)]),
        }
    }
}

/// Returns the steps of a path such as `$.days[0].name`. For a path that is too deep, returns the first steps.
fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = path.trim_start_matches('$');
    while !rest.is_empty() && steps.len() < MAX_STEPS {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let name = inside.trim_matches(['\'', '"']);
            steps.push(inside.parse().map_or(Step::Name(name), Step::Index));
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let (name, after) = name.split_at(name.find(['.', '[']).unwrap_or(name.len()));
            steps.push(Step::Name(name));
            // An unclosed bracket ends the path.
            rest = if after.starts_with('[') && !after.contains(']') { "" } else { after };
        }
    }
    steps
}

/// Returns the value at a step, and creates it if it is missing. An index beyond the end of a list appends one item.
fn go<'v>(value: &'v mut Value, step: &Step<'_>) -> Option<&'v mut Value> {
    match *step {
        Step::Name(name) => {
            if !value.is_object() {
                *value = Value::Object(Map::new());
            }
            Some(value.as_object_mut()?.entry(name).or_insert(Value::Null))
        }
        Step::Index(index) => {
            if !value.is_array() {
                *value = Value::Array(Vec::new());
            }
            let items = value.as_array_mut()?;
            if index >= items.len() {
                items.push(Value::Null);
            }
            let index = index.min(items.len() - 1);
            items.get_mut(index)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Arguments;
    use crate::json::Json;
    use crate::room::Room;

    fn read(pieces: &[(&str, &str)]) -> Value {
        read_within(1000, pieces)
    }

    fn read_within(limit: usize, pieces: &[(&str, &str)]) -> Value {
        let mut room = Room::new(limit);
        let mut arguments = Arguments::default();
        for (path, value) in pieces {
            arguments.add(path, &Json::read(value).unwrap(), &mut room);
        }
        arguments.into_map(serde_json::Map::new()).into()
    }

    #[test]
    fn paths_name_positions() {
        let found = read(&[
            ("$.city", "\"New \""),
            ("$.city", "\"Delhi\""),
            ("$.days[0].name", "\"Monday\""),
            ("$.days[0].hours", "3"),
            ("$.days[7]", "true"),
            ("$['a b']", "null"),
        ]);
        let days = json!([{ "name": "Monday", "hours": 3 }, true]);
        assert_eq!(found, json!({ "city": "New Delhi", "days": days, "a b": null }));
    }

    #[test]
    fn paths_and_values_are_limited() {
        let nested = (0..32).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert_eq!(read(&[(&format!("${}", ".a".repeat(40)), "1")]), nested);
        let list = format!("[{}0]", "0,".repeat(100));
        assert_eq!(read_within(60, &[("$.a", &list), ("$.b", "true")]), json!({ "b": true }));
    }

    #[test]
    fn invalid_paths_are_ignored() {
        let deep = "[0]".repeat(100_000);
        for path in
            ["", "$", "[", "$.[", "a[", "$..", "[18446744073709551615]", "[99999999999999999999]", &deep]
        {
            read(&[(path, "1"), ("$.a.b", "2"), (path, "3")]);
        }
    }
}
