//! The forms of tool definitions of providers and libraries.

use crate::json::Json;

/// A definition, borrowed from the value that contains it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToolForm<'j> {
    pub(crate) name: &'j str,
    pub(crate) description: Option<&'j str>,
    /// The JSON schema of the arguments, an object.
    pub(crate) schema: Option<&'j Json<'j>>,
    pub(crate) version: Option<&'j str>,
}

/// The names of the field with the schema: OpenAI's chat and Gemini, Anthropic, MCP and Bedrock, Gemini with full JSON schemas in two
/// spellings, genai, and Cohere's first version.
const SCHEMAS: [&str; 7] = [
    "parameters",
    "input_schema",
    "inputSchema",
    "parametersJsonSchema",
    "parameters_json_schema",
    "schema",
    "parameter_definitions",
];

/// The names of the field with the definition, if a tool wraps it: OpenAI's chat, OpenAI's custom tools, and Bedrock.
const WRAPPERS: [&str; 3] = ["function", "custom", "toolSpec"];

/// The names of the field in which a tool of Gemini has several definitions.
const DECLARATIONS: [&str; 2] = ["functionDeclarations", "function_declarations"];

/// The field of the list in the response of an MCP server, and the field around it in JSON-RPC.
const LISTS: [&str; 2] = ["tools", "result"];

impl<'j> ToolForm<'j> {
    /// Calls `found` with each definition in a value, which may be one definition or a list.
    pub(crate) fn each(given: &'j Json<'j>, found: &mut impl FnMut(Self)) {
        for item in given.items() {
            Self::each(item, found);
        }
        if !given.is_object() {
            return;
        }
        let is_named = given.field("name").is_some();
        let list = LISTS.into_iter().map(|name| given.get(name)).find(|list| !list.is_null() && !is_named);
        if let Some(list) = list {
            Self::each(list, found);
        } else if let Some(form) = Self::one(given) {
            found(form);
        } else {
            for name in DECLARATIONS {
                Self::each(given.get(name), found);
            }
            Self::own_of_gemini(given, found);
        }
    }

    fn one(tool: &'j Json<'j>) -> Option<Self> {
        let inner = WRAPPERS.into_iter().map(|name| tool.get(name)).find(|inner| inner.is_object());
        let inner = inner.unwrap_or(tool);
        let named = match inner.get("name") {
            // In genai, the name of a built-in tool is the only field of an object.
            Json::Object(fields) => fields.first().map_or("", |(name, _)| name.as_ref()),
            name => name.as_str().unwrap_or_default(),
        };
        let name = [named, tool.str("type")].into_iter().find(|name| !name.is_empty())?;
        let schema = SCHEMAS.into_iter().map(|name| inner.get(name)).find(|schema| schema.is_object());
        Some(Self {
            name,
            description: inner.get("description").as_str(),
            // Bedrock wraps the schema in the field `json`.
            schema: schema
                .map(|schema| if schema.get("json").is_object() { schema.get("json") } else { schema }),
            version: inner.get("version").as_str(),
        })
    }

    /// Finds Gemini's built-in tools. Their names are the names of their fields.
    fn own_of_gemini(tool: &'j Json<'j>, found: &mut impl FnMut(Self)) {
        for (name, value) in tool.fields() {
            if value.is_object() {
                found(Self { name, description: None, schema: None, version: None });
            }
        }
    }
}
