//! Values from JSON schemas.

use serde_json::{Map, Value, json};

/// The depth from which values have only required parts.
const DEEP: usize = 4;

/// The depth of the deepest value.
const DEEPEST: usize = 16;

/// A value that a schema allows: its first choice, `text` for strings, 1 for numbers.
pub(crate) fn instance(schema: &Value, text: &str) -> Value {
    Maker { root: schema, text }.make(schema, 0)
}

struct Maker<'a> {
    root: &'a Value,
    text: &'a str,
}

impl Maker<'_> {
    fn make(&self, schema: &Value, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(target) =
            schema["$ref"].as_str().and_then(|path| self.root.pointer(path.strip_prefix('#')?))
        {
            return self.make(target, depth + 1);
        }
        if let Some(value) = schema.get("const").or(schema["enum"].get(0)) {
            return value.clone();
        }
        let choices = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|key| schema[key].as_array());
        if let Some(choice) =
            choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"))
        {
            return self.make(choice, depth + 1);
        }
        match type_of(schema) {
            "integer" | "number" => json!(1),
            "boolean" => json!(true),
            "null" => Value::Null,
            "array" if depth >= DEEP => json!([]),
            "array" => json!([self.make(&schema["items"], depth + 1)]),
            "object" => self.object(schema, depth).into(),
            _ => json!(self.text),
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Map<String, Value> {
        let is_required =
            |name| schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
        let properties = schema["properties"].as_object().into_iter().flatten();
        let kept = properties.filter(|(name, _)| depth < DEEP || is_required(name.as_str()));
        kept.map(|(name, schema)| (name.clone(), self.make(schema, depth + 1))).collect()
    }
}

/// The type of a schema, or the first of its types that is not null.
fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::instance;

    #[test]
    fn each_kind_of_schema_has_a_value() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "hours": {"type": ["null", "number"]},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "is_short": {"type": "boolean"},
                "version": {"const": 2},
                "tags": {"type": "array", "items": {"type": "string"}},
                "place": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Place"}]},
                "nothing": {"type": "null"},
                "anything": {},
            },
            "$defs": {"Place": {"properties": {"name": {"type": "string"}}}},
        });
        let expected = json!({
            "city": "Paris", "days": 1, "hours": 1, "unit": "celsius", "is_short": true, "version": 2,
            "tags": ["Paris"], "place": {"name": "Paris"}, "nothing": null, "anything": "Paris",
        });
        assert_eq!(instance(&schema, "Paris"), expected);
    }

    #[test]
    fn a_recursive_schema_has_a_finite_value() {
        let schema = json!({
            "type": "object",
            "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
            "required": ["name"],
        });
        let expected = json!({"name": "a", "children": [{"name": "a", "children": []}]});
        assert_eq!(instance(&schema, "a"), expected);
        assert_eq!(instance(&json!({"$ref": "#"}), "a"), json!(null));
    }
}
