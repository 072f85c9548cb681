use serde_json::{Value, json};

use super::ToolDefinition;

fn weather() -> ToolDefinition {
    ToolDefinition::new("weather")
        .description("Returns the weather.")
        .schema(json!({ "type": "object", "description": "A city." }))
        .version("2")
}

#[test]
fn the_wire_form_leaves_out_what_is_empty() {
    let json = |tool: &ToolDefinition| serde_json::to_string(tool).unwrap();
    assert_eq!(
        json(&weather()),
        r#"{"name":"weather","description":"Returns the weather.","schema":{"description":"A city.","type":"object"},"version":"2"}"#
    );
    assert_eq!(json(&ToolDefinition::new("weather")), r#"{"name":"weather"}"#);
    assert_eq!(
        json(&ToolDefinition::new("").description("").version("").schema(json!({}))),
        r#"{"schema":{}}"#
    );
    assert_eq!(
        Value::from(ToolDefinition::new("weather").version("1")),
        json!({ "name": "weather", "version": "1" })
    );
}

#[test]
fn a_schema_is_an_object() {
    for tool in [weather().schema(1), weather().schema(None::<Value>), weather().schema("{}")] {
        assert_eq!(tool, weather());
    }
    assert_eq!(ToolDefinition::new("t").schema(1).schema, None);
    let none = None::<String>;
    assert_eq!(weather().description(&none).version(none), weather());
}

#[test]
fn all_texts_can_be_edited() {
    let mut tool = weather();
    tool.for_each_text(&mut |text| *text = text.to_uppercase());
    assert_eq!(tool.description.as_deref(), Some("RETURNS THE WEATHER."));
    assert_eq!(Value::from(tool.schema.unwrap()), json!({ "type": "OBJECT", "description": "A CITY." }));
}

#[test]
fn limits_shorten_names_descriptions_and_schemas() {
    let long = "long text ".repeat(10_000);
    let name = ToolDefinition::new(&*long).version(&*long);
    assert!(name.name.ends_with("… [16384 of 100000 bytes]"));
    assert!(name.version.unwrap().ends_with("… [first 16384 bytes]"));
    let mut tool = ToolDefinition::new("t").description(&*long).schema(json!({ "a": long, "b": 1 }));
    assert!(tool.bytes() > 200_000);
    tool.limit(1_000);
    assert!(tool.bytes() < 2_500, "{} bytes", tool.bytes());
    assert!(tool.description.unwrap().contains("… [99000 bytes left out] …"));
    let schema = tool.schema.unwrap();
    assert!(schema["a"].as_str().unwrap().contains(" bytes left out] …"));
    assert_eq!(schema["b"], 1);
    let mut whole = weather();
    whole.limit(1_000);
    assert_eq!(whole, weather());
}

#[test]
fn what_was_serialized_is_read_again() {
    let read = |json: &str| serde_json::from_str::<ToolDefinition>(json);
    assert_eq!(read(&serde_json::to_string(&weather()).unwrap()).unwrap(), weather());
    assert_eq!(read(r#"{"name":"f"}"#).unwrap(), ToolDefinition::new("f"));
    assert_eq!(read(r#"{"name":null}"#).unwrap_err().to_string(), "missing field `name`");
    let error = read(r#"{"name":"f","schema":"object"}"#).unwrap_err().to_string();
    assert_eq!(error, "schema: invalid type: string \"object\", expected a map");
}
