use crate::json::Json;
use crate::protocol::Protocol;

#[test]
fn requests_of_anthropic_are_recognized() {
    let protocol = |body: &str| Protocol::of_request(&Json::read(body).unwrap());
    for body in [
        r#"{"model":"m","max_tokens":9,"system":"Short.","messages":[{"role":"user","content":"Hi"}]}"#,
        r#"{"model":"claude-sonnet-4-6","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"{"model":"m","messages":[],"anthropic_version":"vertex-2023-10-16"}"#,
        r#"{"model":"m","messages":[],"tools":[{"name":"f","input_schema":{}}]}"#,
        r#"{"model":"m","messages":[],"tool_choice":{"type":"any"}}"#,
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}"#,
    ] {
        assert_eq!(protocol(body), Some(Protocol::AnthropicMessages), "{body}");
    }
    for body in [
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"{"model":"claude-sonnet-4-6","max_tokens":9,"messages":[{"role":"system","content":"Short."}]}"#,
        r#"{"model":"claude-sonnet-4-6","max_tokens":9,"n":2,"messages":[{"role":"user","content":"Hi"}]}"#,
        r#"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"f"}}]}"#,
        r#"{"model":"m","messages":[],"thinking":{"type":"enabled"},"tool_choice":"auto"}"#,
        r#"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#,
    ] {
        assert_eq!(protocol(body), Some(Protocol::OpenAiChat), "{body}");
    }
    for body in [
        r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"system":"Short.","messages":[]}"#,
        r#"{"schemaVersion":"messages-v1","system":[{"text":"Short."}],"messages":[]}"#,
        r#"{"inputText":"Hi"}"#,
        r#"{"prompt":"Hi","max_gen_len":9}"#,
    ] {
        assert_eq!(protocol(body), Some(Protocol::BedrockInvoke), "{body}");
    }
    let agent = r#"{"inputText":"Hi","enableTrace":false}"#;
    assert_eq!(protocol(agent), Some(Protocol::BedrockAgent));
    let converse = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"Short."}]}"#;
    assert_eq!(protocol(converse), Some(Protocol::BedrockConverse));
}

#[test]
fn responses_of_bedrock_are_recognized_by_their_frames() {
    let protocol = |name: &str, body: &str| Protocol::of_answer(name, &Json::read(body).unwrap());
    // `{}`, and `Hi`.
    assert_eq!(protocol("chunk", r#"{"bytes":"e30="}"#), Some(Protocol::BedrockInvoke));
    assert_eq!(protocol("chunk", r#"{"bytes":"SGk="}"#), Some(Protocol::BedrockAgent));
    assert_eq!(protocol("messageStart", r#"{"role":"assistant"}"#), Some(Protocol::BedrockConverse));
    assert_eq!(protocol("", r#"{"messageStart":{"role":"assistant"}}"#), Some(Protocol::BedrockConverse));
    assert_eq!(protocol("", r#"{"type":"message_stop"}"#), Some(Protocol::AnthropicMessages));
    assert_eq!(protocol("", r#"{"message":"Too many requests"}"#), None);
}
