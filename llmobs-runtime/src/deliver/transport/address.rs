//! The settings of HTTP clients, and which addresses they reach without a proxy.

use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::{Agent, Proxy};

use crate::model::tags::VERSION;

/// Returns the settings of a client that follows no redirects, because they would receive the API key, always gives up after `timeout`, and
/// uses the proxy of the environment for remote addresses.
pub(super) fn client(url: &Uri, timeout: Duration) -> Config {
    Agent::config_builder()
        .user_agent(format!("llmobs-rust/{VERSION}"))
        .accept("")
        .accept_encoding("")
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .http_status_as_error(false)
        .max_idle_connections_per_host(1)
        .proxy(if is_direct(url) { None } else { Proxy::try_from_env() })
        .build()
}

/// Returns whether an address is reached without a proxy: an address of this machine, or one with plain HTTP, which means an Agent in the
/// same network. ureq would use the proxy of `HTTPS_PROXY` for both.
fn is_direct(url: &Uri) -> bool {
    url.scheme_str() == Some("http") || url.host().is_some_and(is_loopback)
}

pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_direct;

    #[test]
    fn local_addresses_are_reached_without_a_proxy() {
        let direct = [
            "http://localhost:8126",
            "http://127.0.0.1:8126",
            "https://127.8.9.1",
            "https://[::1]:443",
            "https://LocalHost",
            "http://datadog-agent:8126",
        ];
        let through_proxy =
            ["https://llmobs-intake.datadoghq.eu", "https://localhost.example", "https://10.0.0.1"];
        assert!(direct.iter().all(|url| is_direct(&url.parse().unwrap())));
        assert!(!through_proxy.iter().any(|url| is_direct(&url.parse().unwrap())));
    }
}
