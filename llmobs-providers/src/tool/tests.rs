use serde_json::{Value, json};

use super::ToolDefinition;

fn weather() -> ToolDefinition {
    ToolDefinition::new("weather")
        .description("Returns the weather.")
        .schema(json!({ "type": "object", "description": "A city." }))
        .version("2")
}

#[test]
fn empty_fields_are_omitted_in_the_wire_form() {
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
fn serialized_values_are_read_again() {
    let read = |json: &str| serde_json::from_str::<ToolDefinition>(json);
    assert_eq!(read(&serde_json::to_string(&weather()).unwrap()).unwrap(), weather());
    assert_eq!(read(r#"{"name":"f"}"#).unwrap(), ToolDefinition::new("f"));
    assert_eq!(read(r#"{"name":null}"#).unwrap_err().to_string(), "missing field `name`");
    let error = read(r#"{"name":"f","schema":"object"}"#).unwrap_err().to_string();
    assert_eq!(error, "schema: invalid type: string \"object\", expected a map");
}

#[test]
fn definitions_of_all_providers_are_read() {
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let fields = |key: &str| json!({ "name": "weather", "description": "Returns the weather.", key: schema });
    let expected = [ToolDefinition::new("weather").description("Returns the weather.").schema(&schema)];
    for given in [
        json!({ "type": "function", "function": fields("parameters") }),
        json!([{ "type": "function", "name": "weather", "description": "Returns the weather.", "parameters": schema }]),
        fields("input_schema"),
        json!([{ "functionDeclarations": [fields("parameters")] }]),
        json!({ "function_declarations": [fields("parametersJsonSchema")] }),
        json!({ "tools": [fields("inputSchema")] }),
        json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": [fields("inputSchema")] } }),
        json!({ "tools": [{ "toolSpec": { "name": "weather", "description": "Returns the weather.", "inputSchema": { "json": schema } } }] }),
        fields("schema"),
    ] {
        assert_eq!(ToolDefinition::read_all(&given), expected, "{given}");
    }
}

#[test]
fn tools_of_providers_are_named_by_their_type() {
    let names = |given: Value| -> Vec<String> {
        ToolDefinition::read_all(given).into_iter().map(|tool| tool.name).collect()
    };
    assert_eq!(
        names(json!([{ "type": "web_search" }, { "type": "bash_20250124", "name": "bash" }])),
        ["web_search", "bash"]
    );
    assert_eq!(names(json!({ "googleSearch": {} })), ["googleSearch"]);
    assert_eq!(names(json!([{ "googleSearch": {}, "urlContext": {} }])), ["googleSearch", "urlContext"]);
    assert_eq!(
        names(json!([{ "functionDeclarations": [{ "name": "f" }], "codeExecution": {} }])),
        ["f", "codeExecution"]
    );
    assert_eq!(names(json!({ "type": "custom", "custom": { "name": "grep" } })), ["grep"]);
    assert_eq!(names(json!([1, "f", null, [], {}, { "name": 7 }])), [""; 0]);
    // A tool may contain tools.
    assert_eq!(names(json!({ "name": "toolbox", "tools": [{ "name": "f" }] })), ["toolbox"]);
}

#[test]
fn tool_definitions_of_llmobs_are_read_again() {
    assert_eq!(ToolDefinition::read_all([weather()]), [weather()]);
}
