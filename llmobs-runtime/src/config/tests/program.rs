//! Settings of the program override the environment, and secrets are never shown.

use std::path::PathBuf;
use std::time::Duration;

use super::super::{Config, Exporter};
use super::{facts, read};
use crate::SamplingRule;

/// A value for every variable.
const ALL: [(&str, &str); 15] = [
    ("DD_LLMOBS_ML_APP", "env-app"),
    ("DD_LLMOBS_AGENTLESS_ENABLED", "true"),
    ("DD_API_KEY", "env-key"),
    ("DD_SITE", "env.site"),
    ("DD_ENV", "env-env"),
    ("DD_SERVICE", "env-service"),
    ("DD_VERSION", "env-version"),
    ("DD_TAGS", "both:env,env:tag"),
    ("DD_TRACE_AGENT_URL", "http://env:1"),
    ("DD_LLMOBS_OVERRIDE_ORIGIN", "http://env:2"),
    ("LLMOBS_EXPORTER", "console"),
    ("LLMOBS_CAPTURE_ERRORS", "true"),
    ("LLMOBS_CAPTURE_MESSAGE_CONTENT", "true"),
    ("_DD_LLMOBS_WRITER_INTERVAL", "7"),
    ("_DD_LLMOBS_WRITER_TIMEOUT", "8"),
];

#[test]
fn the_program_overrides_the_environment() {
    let configured = |config: Config| {
        config
            .ml_app("app")
            .agentless(false)
            .api_key(" key\n")
            .site("datadoghq.eu")
            .env("test")
            .service("shop")
            .version("2")
            .tag("both", "program")
            .sample_rate(0.5)
            .sampling_rule(SamplingRule::new(0.0))
            .agent_url("http://program:1")
            .override_origin("http://program:2")
            .public_api(true)
            .exporter(Exporter::File(PathBuf::from("out.jsonl")))
            .default_exporter(Exporter::Console)
            .flush_interval(Duration::from_millis(3))
            .timeout(Duration::from_millis(4))
            .max_capture_bytes(5)
            .capture_errors(false)
            .capture_message_content(false)
            .stderr_notice(false)
            .max_queue_bytes(6)
    };
    let expected = |tags: &str| {
        format!(
            "enabled true\nexporter File(\"out.jsonl\")\nml_app app\nagentless Some(false)\napi_key Some(\"key\")\n\
             site \"datadoghq.eu\"\nenv \"test\"\nservice \"shop\"\nversion \"2\"\ntags {tags}\n\
             git {{}}\nrate 0.5\nrules [SamplingRule {{ rate: 0.0, tags: {{}} }}]\nheaders []\n\
             agent_url Some(\"http://program:1\")\noverride_origin Some(\"http://program:2\")\npublic_api true\ninterval 3ms\ntimeout 4ms\n\
             capture 5\nerrors false\ncontent false\nnotice false\nqueue 6\nrequest 5242880\nevent 5000000\n"
        )
    };
    assert_eq!(facts(&configured(read(&[]))), expected("{\"both\": \"program\"}"));
    assert_eq!(facts(&configured(read(&ALL))), expected("{\"both\": \"program\", \"env\": \"tag\"}"));
    // No setting of the program enables what the environment has disabled.
    assert!(!configured(read(&[("DD_LLMOBS_ENABLED", "false")])).enabled());
}

#[test]
fn an_empty_application_or_key_from_the_program_is_ignored() {
    let before = facts(&read(&ALL));
    assert_eq!(facts(&read(&ALL).ml_app("").api_key("").api_key(" \n")), before);
    let nothing = read(&[]).api_key("").default_exporter(Exporter::Console);
    assert_eq!(nothing.chosen_exporter(), Exporter::Console);
    // An empty site or origin overrides that of the environment.
    let taken_back = read(&ALL).site("").override_origin("");
    assert_eq!(
        facts(&taken_back),
        before
            .replace("site \"env.site\"", "site \"\"")
            .replace("override_origin Some(\"http://env:2\")", "override_origin None")
    );
}

#[test]
fn the_variable_of_llm_observability_wins_over_that_of_all_products() {
    let agentless = |own| {
        let config = read(&[("DD_AGENTLESS_ENABLED", "true"), ("DD_LLMOBS_AGENTLESS_ENABLED", own)]);
        config.settings().agentless
    };
    assert_eq!(["", "0", "1"].map(agentless), [Some(true), Some(false), Some(true)]);
}

#[test]
fn the_service_is_the_default_name_of_the_application() {
    let name = |config: Config| config.settings().ml_app().to_owned();
    assert_eq!(name(read(&[("DD_SERVICE", "shop"), ("DD_LLMOBS_ML_APP", "bot")])), "bot");
    assert_eq!(name(read(&[("DD_SERVICE", "shop"), ("DD_LLMOBS_ML_APP", "")])), "shop");
    assert_eq!(name(read(&[("DD_SERVICE", "shop")]).service("other")), "other");
    assert_eq!(name(read(&[("DD_SERVICE", "shop")]).ml_app("bot")), "bot");
    assert_eq!(name(read(&[]).service("")), "unnamed-ml-app");
}

#[test]
fn the_default_exporter_is_used_without_a_destination() {
    let chosen = |config: Config| config.default_exporter(Exporter::Console).chosen_exporter();
    assert_eq!(chosen(read(&[])), Exporter::Console);
    assert_eq!(read(&[]).chosen_exporter(), Exporter::Http);
    for (variable, value, exporter) in [
        ("LLMOBS_EXPORTER", "http", Exporter::Http),
        ("LLMOBS_EXPORTER", "file:f", Exporter::File("f".into())),
        ("DD_API_KEY", "key", Exporter::Http),
        ("DD_LLMOBS_AGENTLESS_ENABLED", "true", Exporter::Http),
        ("DD_LLMOBS_AGENTLESS_ENABLED", "0", Exporter::Http),
        ("DD_AGENTLESS_ENABLED", "true", Exporter::Http),
        ("DD_TRACE_AGENT_URL", "http://a:1", Exporter::Http),
        ("DD_AGENT_HOST", "a", Exporter::Http),
        ("DD_TRACE_AGENT_HOSTNAME", "a", Exporter::Http),
        ("DD_LLMOBS_OVERRIDE_ORIGIN", "http://a:1", Exporter::Http),
    ] {
        assert_eq!(chosen(read(&[(variable, value)])), exporter, "{variable}");
        assert_eq!(chosen(read(&[(variable, "")])), Exporter::Console, "empty {variable}");
    }
    for (variable, value) in
        [("DD_SITE", "datadoghq.eu"), ("DD_SERVICE", "s"), ("DD_LLMOBS_ML_APP", "a"), ("DD_ENV", "e")]
    {
        assert_eq!(chosen(read(&[(variable, value)])), Exporter::Console, "{variable}");
    }
    assert_eq!(chosen(read(&[]).api_key("key")), Exporter::Http);
    assert_eq!(chosen(read(&[]).agentless(true)), Exporter::Http);
    assert_eq!(chosen(read(&[]).agent_url("http://a:1")), Exporter::Http);
    assert_eq!(chosen(read(&[("DD_API_KEY", "key")]).exporter(Exporter::Console)), Exporter::Console);
}

#[test]
fn debug_never_shows_any_part_of_the_key() {
    let key = "ZQ7xW3vK9jY5hG1pZQ7xW3vK9jY5hG1p";
    let from_env = read(&[("DD_API_KEY", key)]);
    let from_program = read(&[]).api_key(key);
    for config in [from_env, from_program.clone().default_exporter(Exporter::Http), from_program] {
        assert_eq!(config.settings().api_key.as_ref().unwrap().reveal(), key);
        for shown in [format!("{config:?}"), format!("{config:#?}"), format!("{:?}", config.settings())] {
            for part in key.as_bytes().windows(4) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!shown.contains(part), "{part} of the key in {shown}");
            }
            assert!(shown.contains("datadoghq.com"), "{shown}");
        }
    }
}

#[test]
fn a_sample_rate_out_of_range_is_ignored() {
    let config = read(&[("DD_LLMOBS_SAMPLE_RATE", "0.25")]).sample_rate(f64::NAN).sample_rate(1.1);
    assert_eq!(config.settings().sampler.rate.to_string(), "0.25");
    let warning = "the sample rate is ignored: it should be between 0 and 1";
    assert_eq!(config.warnings(), [warning, warning]);
}

#[test]
fn rules_of_the_program_come_before_those_of_the_environment() {
    let environment = r#"[{"sample_rate": 0.5}, {"sample_rate": 2}, {"sample_rate": 1, "service": "shop"}]"#;
    let config = read(&[("DD_LLMOBS_SAMPLING_RULES", environment)])
        .sampling_rule(SamplingRule::new(0.1))
        .sampling_rule(SamplingRule::new(0.2));
    let rules = [0.1, 0.2, 0.5].map(SamplingRule::new);
    assert_eq!(config.settings().sampler.rules, rules);
    assert_eq!(
        config.warnings(),
        [
            "rule 2 of DD_LLMOBS_SAMPLING_RULES is ignored: it should have a sample_rate between 0 and 1, and tags that are texts",
            "rule 3 of DD_LLMOBS_SAMPLING_RULES is ignored: it has the key \"service\", and llmobs supports only sample_rate and tags",
        ]
    );
}

#[test]
fn each_setting_with_an_unsuitable_name_has_one_warning() {
    let expected = |setting: &str| {
        [format!(
            "Datadog may not accept the name of the application in {setting}, which has upper-case letters: \
             write it in lower case"
        )]
    };
    let service = expected("DD_SERVICE or `Config::service`");
    assert_eq!(read(&[("DD_SERVICE", "Shop")]).warnings(), service);
    assert_eq!(read(&[]).service("Shop").warnings(), service);
    let ml_app = expected("DD_LLMOBS_ML_APP or `Config::ml_app`");
    assert_eq!(read(&[("DD_LLMOBS_ML_APP", "Shop"), ("DD_SERVICE", "Other")]).warnings(), ml_app);
    assert_eq!(read(&[]).ml_app("Shop").warnings(), ml_app);
    assert!(read(&[("DD_SERVICE", "Shop")]).ml_app("shop").warnings().is_empty());
}

#[test]
fn the_llmobs_variable_wins_over_that_of_opentelemetry() {
    for (own, other, expected) in [("true", "NO_CONTENT", "content true"), ("false", "true", "content false")]
    {
        let config = read(&[
            ("LLMOBS_CAPTURE_MESSAGE_CONTENT", own),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", other),
        ]);
        assert!(facts(&config).contains(expected));
    }
}
