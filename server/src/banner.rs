//! What the start prints, once.

use std::{fmt::Write, net::SocketAddr};

use saathii_server::{config::Config, demo::Demo, infra::stores::Stores};

pub(crate) fn render(config: &Config, address: SocketAddr, stores: &Stores, demo: Option<&Demo>) -> String {
    let host = if address.ip().is_unspecified() || address.ip().is_loopback() {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    };
    let base = format!("http://{host}:{}", address.port());
    let mut text = String::from("\nSaathii is ready.\n\n");
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<10} {value}");
    };
    line("API", &base);
    line("Docs", &format!("{base}/docs and {base}/redoc"));
    line("Dashboard", &format!("{base}/admin"));
    if !stores.embedded_names.is_empty() {
        let data = std::path::absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
        line("Embedded", &format!("{}; data in {}", stores.embedded_names.join(", "), data.display()));
    }
    for note in &stores.notes {
        line("", note);
    }
    if let Some(demo) = demo {
        line("Demo", &format!("{} people; log in with {}", demo.people, demo.phone));
        line("", &format!("(dashboard: {}); the OTP appears here", demo.admin_phone));
    }
    text
}
