//! Tool calls of MCP servers: <https://modelcontextprotocol.io/specification/2025-11-25/server/tools>.

use crate::json::Json;
use crate::message::{ToolCall, ToolResult};
use crate::room::Room;
use crate::texts::result_text;

/// The result of a tool of an MCP server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct McpResult {
    /// The texts of its content, with notes that replace other content. Without content, the JSON of the structured content.
    pub result: ToolResult,
    /// Whether the tool failed, which the content explains.
    pub is_error: bool,
}

/// The fields of a `CallToolResult`.
const FIELDS: [&str; 5] = ["content", "structuredContent", "isError", "_meta", "resultType"];

/// The first field of the type in the official SDK, by version.
const FIRST: [&str; 2] = ["{\"content\":[", "{\"resultType\":"];

impl McpResult {
    /// Reads a `CallToolResult`, alone or in a JSON-RPC response. About `limit` bytes are kept. Returns `None` for any other value.
    #[must_use]
    pub fn read(json: &Json<'_>, limit: usize) -> Option<Self> {
        let result = if json.has("jsonrpc") { json.get("result") } else { json };
        if !result.fields().iter().all(|(name, _)| FIELDS.contains(&name.as_ref())) {
            return None;
        }
        let content = match result.get("content") {
            Json::Array(parts) if parts.iter().all(is_part) => Some(result.get("content")),
            Json::Null => None,
            _ => return None,
        };
        let structured = result.field("structuredContent");
        if content.is_none() && structured.is_none() {
            return None;
        }
        let shown = content.filter(|content| !content.items().is_empty()).or(structured);
        let text = shown.map(result_text).unwrap_or_default();
        Some(Self {
            result: ToolResult { result: Room::new(limit).whole(&text), ..ToolResult::default() },
            is_error: matches!(result.get("isError"), Json::Bool(true)),
        })
    }
}

impl McpResult {
    /// Reads the JSON text of a `CallToolResult` of the official SDK. Other texts are not parsed.
    #[must_use]
    pub fn read_text(json: &str, limit: usize) -> Option<Self> {
        if !FIRST.iter().any(|first| json.starts_with(first)) {
            return None;
        }
        Self::read(&Json::read(json)?, limit)
    }
}

impl ToolCall {
    /// Reads MCP's `CallToolRequestParams`, alone or in a JSON-RPC request. Returns `None` for any other value.
    #[must_use]
    pub fn read_mcp(json: &Json<'_>) -> Option<Self> {
        let params = match json.str("method") {
            "tools/call" => json.get("params"),
            "" => json,
            _ => return None,
        };
        let name = params.get("name").as_str()?;
        let arguments = match params.get("arguments") {
            Json::Null => serde_json::Map::new(),
            arguments @ Json::Object(_) => arguments.to_map(),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), arguments, ..Self::default() })
    }
}

fn is_part(part: &Json<'_>) -> bool {
    part.is_object() && !part.str("type").is_empty()
}
