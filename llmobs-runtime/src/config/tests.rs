//! Settings from environment variables.

mod program;

use std::collections::BTreeMap;

use ureq::http::{HeaderName, HeaderValue};

use super::Config;

/// Reads a configuration from only these variables.
fn read(variables: &[(&str, &str)]) -> Config {
    Config::read(&|name| {
        let found = variables.iter().find(|(other, _)| *other == name)?;
        Some(found.1.into())
    })
}

/// Returns all settings of a configuration, one per line, so that a failed assertion shows all differences.
fn facts(config: &Config) -> String {
    let settings = config.settings();
    let key = settings.api_key.as_ref().map(|key| key.reveal().to_owned());
    let header = |(name, value): &(HeaderName, HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    let headers: Vec<String> = settings.additional_headers.iter().map(header).collect();
    format!(
        "enabled {}\nexporter {:?}\nml_app {}\nagentless {:?}\napi_key {key:?}\nsite {:?}\nenv {:?}\nservice {:?}\n\
         version {:?}\ntags {:?}\n\
         git {:?}\nrate {}\nrules {:?}\nheaders {:?}\nagent_url {:?}\noverride_origin {:?}\npublic_api {}\ninterval {:?}\ntimeout {:?}\ncapture {}\nerrors {}\ncontent {}\nnotice {}\nqueue {}\nrequest {}\nevent {}\n",
        config.enabled(),
        config.chosen_exporter(),
        settings.ml_app(),
        settings.agentless,
        settings.site,
        settings.identity.env,
        settings.identity.service,
        settings.identity.version,
        settings.identity.tags,
        settings.identity.git,
        settings.sampler.rate,
        settings.sampler.rules,
        headers,
        settings.agent_url,
        settings.override_origin,
        settings.public_api,
        settings.interval,
        settings.timeout,
        settings.capture_limit,
        settings.capture_errors,
        settings.capture_message_content,
        settings.stderr_notice,
        settings.queue_limit,
        settings.request_limit,
        settings.event_limit,
    )
}

const DEFAULTS: &str = "enabled true
exporter Http
ml_app unnamed-ml-app
agentless None
api_key None
site \"datadoghq.com\"
env \"\"
service \"\"
version \"\"
tags {}
git {}
rate 1
rules []
headers []
agent_url None
override_origin None
public_api false
interval 1s
timeout 5s
capture 1048576
errors true
content true
notice true
queue 33554432
request 5242880
event 5000000
";

/// Returns the defaults, in which each of these lines replaces the one with the same first word.
fn with(lines: &[&str]) -> String {
    let word = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let line = |default: &str| {
        let other = lines.iter().find(|line| word(line) == word(default));
        format!("{}\n", other.unwrap_or(&default))
    };
    DEFAULTS.lines().map(line).collect()
}

/// Every variable that is read.
const VARIABLES: [&str; 32] = [
    "DD_LLMOBS_ENABLED",
    "DD_LLMOBS_ML_APP",
    "DD_LLMOBS_AGENTLESS_ENABLED",
    "DD_AGENTLESS_ENABLED",
    "DD_LLMOBS_PAYLOAD_SIZE_BYTES",
    "DD_LLMOBS_EVENT_SIZE_BYTES",
    "DD_API_KEY",
    "DD_SITE",
    "DD_ENV",
    "DD_SERVICE",
    "DD_VERSION",
    "DD_TAGS",
    "DD_LLMOBS_OVERRIDE_ORIGIN",
    "LLMOBS_PUBLIC_API",
    "LLMOBS_EXPORTER",
    "LLMOBS_CAPTURE_ERRORS",
    "LLMOBS_CAPTURE_MESSAGE_CONTENT",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    "_DD_LLMOBS_WRITER_INTERVAL",
    "_DD_LLMOBS_WRITER_TIMEOUT",
    "DD_TRACE_AGENT_URL",
    "DD_TRACE_AGENT_HOSTNAME",
    "DD_AGENT_HOST",
    "DD_TRACE_AGENT_PORT",
    "DD_AGENT_PORT",
    "DD_LLMOBS_SAMPLE_RATE",
    "DD_LLMOBS_SAMPLING_RULES",
    "DD_GIT_REPOSITORY_URL",
    "DD_GIT_COMMIT_SHA",
    "DD_TRACE_GIT_METADATA_ENABLED",
    "_DD_TRACE_WRITER_ADDITIONAL_HEADERS",
    "DD_LLMOBS_NOT_A_VARIABLE",
];

#[test]
fn defaults_apply_without_variables() {
    assert_eq!(facts(&read(&[])), DEFAULTS);
    assert_eq!(facts(&Config::new()), DEFAULTS);
    assert!(read(&[]).warnings().is_empty());
}

#[test]
fn each_variable_sets_only_its_own_setting() {
    for (variable, value, lines) in [
        ("DD_LLMOBS_ENABLED", "0", &["enabled false"][..]),
        ("DD_LLMOBS_ENABLED", "FALSE", &["enabled false"]),
        ("DD_LLMOBS_ENABLED", "true", &[]),
        ("DD_LLMOBS_ML_APP", "bot", &["ml_app bot"]),
        ("DD_LLMOBS_AGENTLESS_ENABLED", "1", &["agentless Some(true)"]),
        ("DD_LLMOBS_AGENTLESS_ENABLED", " True ", &["agentless Some(true)"]),
        ("DD_LLMOBS_AGENTLESS_ENABLED", "false", &["agentless Some(false)"]),
        ("DD_AGENTLESS_ENABLED", "true", &["agentless Some(true)"]),
        ("DD_AGENTLESS_ENABLED", "false", &[]),
        ("DD_LLMOBS_PAYLOAD_SIZE_BYTES", "7", &["request 7"]),
        ("DD_LLMOBS_EVENT_SIZE_BYTES", "8", &["event 8"]),
        ("DD_API_KEY", "0123abcd\n", &["api_key Some(\"0123abcd\")"]),
        ("DD_SITE", "datadoghq.eu", &["site \"datadoghq.eu\""]),
        ("DD_ENV", "prod", &["env \"prod\""]),
        ("DD_SERVICE", "shop", &["service \"shop\"", "ml_app shop"]),
        ("DD_VERSION", "1.2", &["version \"1.2\""]),
        ("DD_TAGS", "a:b", &["tags {\"a\": \"b\"}"]),
        ("DD_LLMOBS_OVERRIDE_ORIGIN", "http://h:1/p", &["override_origin Some(\"http://h:1/p\")"]),
        ("LLMOBS_PUBLIC_API", "1", &["public_api true"]),
        ("LLMOBS_EXPORTER", "console", &["exporter Console"]),
        ("LLMOBS_CAPTURE_ERRORS", "false", &["errors false"]),
        ("LLMOBS_CAPTURE_ERRORS", "1", &[]),
        ("LLMOBS_CAPTURE_MESSAGE_CONTENT", "false", &["content false"]),
        ("LLMOBS_STDERR_NOTICE", "false", &["notice false"]),
        ("LLMOBS_CAPTURE_MESSAGE_CONTENT", "true", &[]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "False", &["content false"]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "NO_CONTENT", &["content false"]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true", &[]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY", &[]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "event_only", &[]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_AND_EVENT", &[]),
        ("LLMOBS_EXPORTER", "http", &[]),
        ("LLMOBS_EXPORTER", "file:/tmp/a:b.jsonl", &["exporter File(\"/tmp/a:b.jsonl\")"]),
        ("_DD_LLMOBS_WRITER_INTERVAL", "0.25", &["interval 250ms"]),
        ("_DD_LLMOBS_WRITER_TIMEOUT", "30", &["timeout 30s"]),
        ("DD_TRACE_AGENT_URL", "https://a:1/x", &["agent_url Some(\"https://a:1/x\")"]),
        ("DD_TRACE_AGENT_URL", "/run/a.socket", &["agent_url Some(\"/run/a.socket\")"]),
        ("DD_TRACE_AGENT_URL", "unix:///run/a.socket", &["agent_url Some(\"unix:///run/a.socket\")"]),
        ("DD_TRACE_AGENT_HOSTNAME", "one", &["agent_url Some(\"http://one:8126\")"]),
        ("DD_AGENT_HOST", "two", &["agent_url Some(\"http://two:8126\")"]),
        ("DD_TRACE_AGENT_PORT", "1", &["agent_url Some(\"http://localhost:1\")"]),
        ("DD_AGENT_PORT", "65535", &["agent_url Some(\"http://localhost:65535\")"]),
        ("DD_LLMOBS_SAMPLE_RATE", "0.25", &["rate 0.25"]),
        ("DD_LLMOBS_SAMPLE_RATE", "0", &["rate 0"]),
        (
            "DD_LLMOBS_SAMPLING_RULES",
            r#"[{"sample_rate": 0.5, "tags": {"env": "p*"}}]"#,
            &[r#"rules [SamplingRule { rate: 0.5, tags: {"env": "p*"} }]"#],
        ),
        ("DD_GIT_COMMIT_SHA", "abc", &[r#"git {"git.commit.sha": "abc"}"#]),
        (
            "DD_GIT_REPOSITORY_URL",
            "https://user:password@host/a@b.git",
            &[r#"git {"git.repository_url": "https://host/a@b.git"}"#],
        ),
        ("DD_GIT_REPOSITORY_URL", "git@host:a/b.git", &[r#"git {"git.repository_url": "git@host:a/b.git"}"#]),
        (
            "DD_GIT_REPOSITORY_URL",
            "ssh://user:password@host/a.git",
            &[r#"git {"git.repository_url": "ssh://host/a.git"}"#],
        ),
        ("DD_GIT_REPOSITORY_URL", "user:token@host/a.git", &[r#"git {"git.repository_url": "host/a.git"}"#]),
        (
            "DD_TAGS",
            "git.repository_url:https://user:password@host/a",
            &[r#"tags {"git.repository_url": "https://host/a"}"#],
        ),
        ("DD_TRACE_GIT_METADATA_ENABLED", "false", &[]),
        (
            "_DD_TRACE_WRITER_ADDITIONAL_HEADERS",
            "X-Extra:one two, X-B: a:b",
            &[r#"headers ["x-extra: one two", "x-b: a:b"]"#],
        ),
        ("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", "a:1,A:2", &[r#"headers ["a: 2"]"#]),
        ("DD_LLMOBS_NOT_A_VARIABLE", "x", &[]),
    ] {
        let config = read(&[(variable, value)]);
        assert_eq!(facts(&config), with(lines), "{variable}={value}");
        assert!(config.warnings().is_empty(), "{variable}={value}: {:?}", config.warnings());
    }
}

#[test]
fn empty_variables_are_ignored_except_the_site() {
    for variable in VARIABLES {
        for blank in ["", "  \t\n"] {
            let config = read(&[(variable, blank)]);
            let lines = if variable == "DD_SITE" { &["site \"\""][..] } else { &[] };
            assert_eq!(facts(&config), with(lines), "{variable}");
            assert!(config.warnings().is_empty(), "{variable}: {:?}", config.warnings());
        }
    }
}

#[test]
fn an_invalid_value_has_one_warning_that_does_not_contain_it() {
    for (variable, value, lines) in [
        // A value that is neither true nor false is false, as in the reference SDK.
        ("DD_LLMOBS_ENABLED", "sésame", &["enabled false"][..]),
        ("DD_LLMOBS_AGENTLESS_ENABLED", "yes!", &["agentless Some(false)"]),
        ("DD_AGENTLESS_ENABLED", "yes!", &[]),
        ("DD_LLMOBS_PAYLOAD_SIZE_BYTES", "0", &[]),
        ("DD_LLMOBS_PAYLOAD_SIZE_BYTES", "5MB", &[]),
        ("DD_LLMOBS_EVENT_SIZE_BYTES", "-100", &[]),
        ("LLMOBS_PUBLIC_API", "maybe", &[]),
        ("LLMOBS_EXPORTER", "Consoles", &[]),
        ("LLMOBS_CAPTURE_ERRORS", "no", &["errors false"]),
        ("LLMOBS_CAPTURE_MESSAGE_CONTENT", "NO_CONTENT", &["content false"]),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "none", &["content false"]),
        ("LLMOBS_EXPORTER", "file:", &[]),
        ("LLMOBS_EXPORTER", "http://intake-xyz", &[]),
        ("_DD_LLMOBS_WRITER_INTERVAL", "3 secs", &[]),
        ("_DD_LLMOBS_WRITER_INTERVAL", "0.0", &[]),
        ("_DD_LLMOBS_WRITER_INTERVAL", "1e-300", &[]),
        ("_DD_LLMOBS_WRITER_INTERVAL", "-2.5", &[]),
        ("_DD_LLMOBS_WRITER_TIMEOUT", "NaN", &[]),
        ("_DD_LLMOBS_WRITER_TIMEOUT", "inf", &[]),
        ("_DD_LLMOBS_WRITER_TIMEOUT", "1e300", &[]),
        ("DD_TRACE_AGENT_URL", "agent-xyz:7777", &[]),
        ("DD_TRACE_AGENT_URL", "ftp://agent-xyz", &[]),
        ("DD_TRACE_AGENT_PORT", "65536", &[]),
        ("DD_TRACE_AGENT_PORT", "0", &[]),
        ("DD_AGENT_PORT", "-1", &[]),
        ("DD_AGENT_PORT", "80a", &[]),
        ("DD_TAGS", "justatext", &[]),
        ("DD_TAGS", "one two :three", &[]),
        ("DD_LLMOBS_SAMPLE_RATE", "7", &[]),
        ("DD_LLMOBS_SAMPLE_RATE", "NaN", &[]),
        ("DD_LLMOBS_SAMPLE_RATE", "half", &[]),
        ("DD_LLMOBS_SAMPLING_RULES", r#"{"rate": 1}"#, &[]),
        ("DD_LLMOBS_SAMPLING_RULES", "[1", &[]),
        ("DD_LLMOBS_SAMPLING_RULES", r#"[{"sample_rate": 9}]"#, &[]),
        ("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", "no-colon-here", &[]),
        ("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", "bad name:x", &[]),
        ("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", "DD-API-KEY:other", &[]),
        ("_DD_TRACE_WRITER_ADDITIONAL_HEADERS", "Transfer-Encoding:chunked", &[]),
        ("DD_LLMOBS_SAMPLING_RULES", r#"[{"sample_rate": 0, "service": "x"}]"#, &[]),
    ] {
        let config = read(&[(variable, value)]);
        assert_eq!(facts(&config), with(lines), "{variable}={value}");
        let warnings = config.warnings();
        let [warning] = &*warnings else {
            panic!("{variable}={value}: {:?}", config.warnings());
        };
        assert!(warning.contains(variable), "{warning}");
        let wanted = "http, console or file:PATH|true, 1, false or 0|http://localhost:8126";
        assert!(!warning.contains(value) || wanted.contains(value), "{warning}");
    }
}

#[cfg(unix)]
#[test]
fn values_that_are_not_utf_8_are_ignored_with_a_warning() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let garbage = || OsString::from_vec(b"http://secret\xff\xfe".to_vec());
    for variable in VARIABLES.into_iter().filter(|name| *name != "DD_LLMOBS_NOT_A_VARIABLE") {
        let config = Config::read(&|name| (name == variable).then(garbage));
        assert_eq!(facts(&config), DEFAULTS, "{variable}");
        let expected = format!("{variable} is ignored: it should be valid UTF-8");
        assert_eq!(config.warnings(), [expected]);
    }
}

#[test]
fn each_invalid_variable_has_its_own_warning() {
    let config = read(&[
        ("DD_TRACE_AGENT_URL", "?"),
        ("DD_TRACE_AGENT_PORT", "?"),
        ("LLMOBS_EXPORTER", "?"),
        ("DD_TAGS", "?,a:b,? ?"),
        ("_DD_LLMOBS_WRITER_TIMEOUT", "?"),
    ]);
    assert_eq!(facts(&config), with(&["tags {\"a\": \"b\"}"]));
    assert_eq!(
        config.warnings(),
        [
            "DD_TRACE_AGENT_PORT is ignored: it should be a port number",
            "DD_TRACE_AGENT_URL is ignored: it should be a URL such as http://localhost:8126",
            "LLMOBS_EXPORTER is ignored: it should be http, console or file:PATH",
            "_DD_LLMOBS_WRITER_TIMEOUT is ignored: it should be a number of seconds above zero",
            "a part of DD_TAGS is ignored: it should be key:value pairs",
        ]
    );
}

#[test]
fn the_environment_cannot_set_headers_of_llmobs_and_http() {
    const NAME: &str = "_DD_TRACE_WRITER_ADDITIONAL_HEADERS";
    for header in [
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "DD-API-KEY",
        "Expect",
        "Host",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "User-Agent",
        "X-Datadog-EVP-Subdomain",
    ] {
        let config = read(&[(NAME, &format!("{header}:x,kept:y"))]);
        assert_eq!(facts(&config), with(&[r#"headers ["kept: y"]"#]), "{header}");
        let warning = format!("a part of {NAME} is ignored: llmobs sets that header itself");
        assert_eq!(config.warnings(), [warning]);
    }
}

#[test]
fn git_metadata_can_be_disabled() {
    let git = |enabled| {
        let config = read(&[
            ("DD_GIT_REPOSITORY_URL", "https://host/a.git"),
            ("DD_GIT_COMMIT_SHA", "abc"),
            ("DD_TRACE_GIT_METADATA_ENABLED", enabled),
        ]);
        format!("{:?}", config.settings().identity.git)
    };
    let metadata = r#"{"git.commit.sha": "abc", "git.repository_url": "https://host/a.git"}"#;
    assert_eq!(["", "true", "1", "false", "0"].map(git), [metadata, metadata, metadata, "{}", "{}"]);
}

#[test]
fn tags_are_separated_by_commas_or_spaces() {
    for (text, tags) in [
        ("team:ml", &[("team", "ml")][..]),
        ("team:ml,region:eu", &[("region", "eu"), ("team", "ml")]),
        ("team:ml region:eu", &[("region", "eu"), ("team", "ml")]),
        (" team:ml, ,,  region:eu,", &[("region", "eu"), ("team", "ml")]),
        ("url:http://x:1,empty:", &[("empty", ""), ("url", "http://x:1")]),
        ("a:1,a:2", &[("a", "2")]),
        ("é:漢,A:b", &[("A", "b"), ("é", "漢")]),
    ] {
        let config = read(&[("DD_TAGS", text)]);
        let expected: BTreeMap<_, _> = tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(config.settings().identity.tags, expected, "{text}");
        assert!(config.warnings().is_empty(), "{text}");
    }
}

#[test]
fn the_agent_url_is_built_from_its_variables() {
    const URL: &str = "DD_TRACE_AGENT_URL";
    const HOSTNAME: &str = "DD_TRACE_AGENT_HOSTNAME";
    const HOST: &str = "DD_AGENT_HOST";
    const TRACE_PORT: &str = "DD_TRACE_AGENT_PORT";
    const PORT: &str = "DD_AGENT_PORT";
    for (variables, url) in [
        (&[(HOST, "agent"), (TRACE_PORT, "9126")][..], "http://agent:9126"),
        (&[(HOST, "second"), (HOSTNAME, "first")], "http://first:8126"),
        (&[(PORT, "2"), (TRACE_PORT, "1")], "http://localhost:1"),
        (&[(HOSTNAME, ""), (HOST, "second"), (TRACE_PORT, " "), (PORT, "2")], "http://second:2"),
        (&[(HOST, "::1")], "http://[::1]:8126"),
        (&[(HOST, "fe80::1"), (PORT, "99")], "http://[fe80::1]:99"),
        (&[(HOST, "[::1]"), (PORT, "99")], "http://[::1]:99"),
        (&[(HOST, "not:an:address")], "http://not:an:address:8126"),
        (&[(URL, "http://url:1"), (HOST, "host"), (PORT, "99")], "http://url:1"),
        (&[(URL, "no url"), (HOST, "host"), (PORT, "99")], "http://host:99"),
    ] {
        assert_eq!(read(variables).settings().agent_url.as_deref(), Some(url), "{variables:?}");
    }
}
