//! `llmobs run`: runs a program that sends its spans to the explorer, and prints its traces.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, kill_process};
use serde::Deserialize;
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use crate::console::print_line;
use crate::error::Error;
use crate::explorer::{Explorer, Options};
use crate::signals::{Signals, StopSignal};
use crate::traces::FinishedTrace;

/// How often to ask for finished traces.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The timeout for requests to the explorer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Variables that are always set, so that the program sends no span and no key elsewhere.
const OVERRIDES: [(&str, &str); 4] = [
    ("DD_LLMOBS_ENABLED", "true"),
    // The mode for a Datadog Agent, since every SDK has an option for the address of the Agent. In agentless mode, Datadog's SDK for
    // Node sends to Datadog in any case.
    ("DD_LLMOBS_AGENTLESS_ENABLED", "false"),
    ("DD_API_KEY", "llmobs-run"),
    ("DD_APM_TRACING_ENABLED", "false"),
];
/// Variables that are set unless they have a value. They disable features of ddtrace that have no use here.
const DEFAULTS: [(&str, &str); 2] =
    [("DD_INSTRUMENTATION_TELEMETRY_ENABLED", "false"), ("DD_REMOTE_CONFIGURATION_ENABLED", "false")];

/// Prefixes of the names of programs that start other programs, such as `python` for `python3.13`.
const LAUNCHERS: [&str; 6] = ["cargo", "node", "npm", "npx", "python", "uv"];

/// Runs a program that sends its spans to the explorer, prints each finished trace, and returns the exit code of the program.
///
/// Uses the explorer that already listens on the port, or else starts one. An explorer that it started continues to serve after the
/// program has ended, unless `exit` is set or there is no terminal.
pub(crate) async fn run(options: &Options, command: &[OsString], exit: bool) -> Result<i32, Error> {
    let (program, arguments) = command.split_first().ok_or(Error::NoProgram)?;
    let end = Arc::new(Notify::new());
    let (origin, serving) = match Explorer::start(options).await {
        Ok(explorer) => {
            let origin = explorer.origin();
            let ended = Arc::clone(&end);
            let serving =
                tokio::spawn(async move { explorer.serve(async move { ended.notified().await }).await });
            (origin, Some(serving))
        }
        Err(Error::PortTaken { port }) => {
            let origin = format!("http://{}:{port}", options.host);
            if !blocking(origin.clone(), |origin| is_explorer(&origin)).await {
                return Err(Error::PortTaken { port });
            }
            (origin, None)
        }
        Err(error) => return Err(error),
    };
    let mut signals = Signals::catch().map_err(Error::System)?;
    print_line(format_args!("traces at {origin}"));
    let last =
        blocking(origin.clone(), |origin| finished(&origin, None)).await.map_or(0, |answer| answer.last);
    let mut child = Command::new(program);
    child.args(arguments).envs(environment(&origin, program)).env_remove("LLMOBS_EXPORTER");
    let failed = |source| Error::Program { program: program.clone(), source };
    let mut child = child.spawn().map_err(failed)?;
    let (status, terminated) = watch(&origin, last, &mut child, &mut signals).await?;
    if let Some(serving) = serving {
        if !exit && !terminated && io::stdin().is_terminal() && io::stderr().is_terminal() {
            print_line(format_args!("the program ended; traces remain at {origin} until Ctrl-C"));
            signals.next().await;
        }
        end.notify_one();
        drop(serving.await);
    }
    Ok(code(status))
}

/// Prints finished traces while the program runs and after its end. Returns its exit status, and whether SIGTERM was received.
async fn watch(
    origin: &str,
    mut last: i64,
    child: &mut Child,
    signals: &mut Signals,
) -> Result<(ExitStatus, bool), Error> {
    let mut terminated = false;
    loop {
        let done = tokio::select! {
            status = child.wait() => Some(status.map_err(Error::Wait)?),
            () = tokio::time::sleep(POLL_INTERVAL) => None,
            // The terminal interrupts the program too, and the program decides whether to end.
            signal = signals.next() => {
                if signal == StopSignal::Terminate {
                    terminated = true;
                    terminate(child);
                }
                None
            }
        };
        while let Some(answer) =
            blocking(origin.to_owned(), move |origin| finished(&origin, Some(last))).await
        {
            last = answer.last;
            answer.ended.iter().for_each(|trace| print_line(summary(origin, trace)));
            if answer.ended.is_empty() {
                break;
            }
        }
        if let Some(status) = done {
            return Ok((status, terminated));
        }
    }
}

/// Forwards SIGTERM to the program.
fn terminate(child: &Child) {
    let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let Some(id) = id
        && let Err(error) = kill_process(id, rustix::process::Signal::TERM)
    {
        log::warn!("cannot send SIGTERM to the program: {error}");
    }
}

/// The environment variables for the program.
fn environment(origin: &str, program: &OsString) -> Vec<(&'static str, String)> {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    let mut variables: Vec<_> = OVERRIDES.map(|(name, value)| (name, value.to_owned())).into();
    variables.push(("DD_LLMOBS_OVERRIDE_ORIGIN", origin.to_owned()));
    variables.push(("DD_TRACE_AGENT_URL", origin.to_owned()));
    // This port accepts OpenTelemetry over HTTP and over gRPC.
    if unset("OTEL_EXPORTER_OTLP_ENDPOINT") {
        variables.push(("OTEL_EXPORTER_OTLP_ENDPOINT", origin.to_owned()));
    }
    variables.extend(
        DEFAULTS.into_iter().filter(|(name, _)| unset(name)).map(|(name, value)| (name, value.to_owned())),
    );
    if unset("DD_LLMOBS_ML_APP") && unset("DD_SERVICE") {
        let folder = std::env::current_dir().unwrap_or_default();
        variables.push(("DD_LLMOBS_ML_APP", application(program, &folder)));
    }
    variables
}

/// The name of the application: the name of the program, or of the folder if the program is a launcher.
fn application(program: &OsStr, folder: &Path) -> String {
    let lower =
        |name: Option<&OsStr>| name.map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = lower(Path::new(program).file_stem());
    let starts_others = LAUNCHERS.iter().any(|launcher| name.starts_with(launcher));
    let folder = lower(folder.file_name());
    let name = if starts_others && !folder.is_empty() { folder } else { name };
    if name.is_empty() { "app".to_owned() } else { name }
}

/// Formats a trace as one line.
fn summary(origin: &str, trace: &FinishedTrace) -> String {
    use crate::page::format::{count, duration, things};
    let mark = if trace.failed { "✕" } else { "✓" };
    let mut line = format!(
        "{mark} {} {}  {}  {}",
        trace.kind,
        trace.name.escape_debug(),
        duration(trace.duration_ns),
        things(trace.spans, "span")
    );
    if trace.errors > 0 {
        line.push_str(&format!("  {}", things(trace.errors, "error")));
    }
    if trace.llm_calls > 0 {
        line.push_str(&format!("  {}", things(trace.llm_calls, "LLM call")));
    }
    if let (Some(input), Some(output)) = (trace.input_tokens, trace.output_tokens) {
        line.push_str(&format!("  {} → {} tokens", count(input), count(output)));
    }
    line.push_str(&format!("  {origin}/traces/{}", crate::page::path_segment(&trace.trace_id)));
    line
}

/// The answer to `/api/ended`.
#[derive(Deserialize)]
struct Answer {
    ended: Vec<FinishedTrace>,
    last: i64,
}

fn finished(origin: &str, after: Option<i64>) -> Option<Answer> {
    let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
    get(&format!("{origin}/api/ended{query}"))
}

fn is_explorer(origin: &str) -> bool {
    get::<serde_json::Value>(&format!("{origin}/info"))
        .is_some_and(|info| info.get("llmobs_explorer") == Some(&true.into()))
}

fn get<T: serde::de::DeserializeOwned>(address: &str) -> Option<T> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).build().into();
    agent.get(address).call().ok()?.body_mut().read_json().ok()
}

/// Runs a request on a thread where it may block.
async fn blocking<T: Default + Send + 'static>(
    origin: String,
    ask: impl FnOnce(String) -> T + Send + 'static,
) -> T {
    tokio::task::spawn_blocking(move || ask(origin)).await.unwrap_or_default()
}

fn code(status: ExitStatus) -> i32 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal = None;
    // As a shell does.
    status.code().or(signal.map(|signal: i32| 128 + signal)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_has_the_name_of_the_program_or_of_the_folder() {
        let cases = [
            ("target/debug/Shop", "/home/me/web", "shop"),
            ("cargo", "/home/me/Web", "web"),
            ("/usr/bin/python3.13", "/home/me/web", "web"),
            ("cargo", "/", "cargo"),
            ("", "/", "app"),
        ];
        for (program, folder, name) in cases {
            assert_eq!(application(OsStr::new(program), Path::new(folder)), name, "{program} in {folder}");
        }
    }
}
