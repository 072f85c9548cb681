//! Amazon Bedrock: <https://docs.aws.amazon.com/bedrock/latest/APIReference/welcome.html>.

pub(crate) mod agent;
pub(crate) mod converse;
pub(crate) mod invoke;

use base64::Engine as _;

/// Returns the bytes under the key `bytes`, which JSON has in base64.
fn bytes_of(json: &crate::json::Json<'_>) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(json.get("bytes").as_str()?).ok()
}
