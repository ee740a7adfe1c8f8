use std::fmt::Write;

use leptos::prelude::*;
use qrcode::{Color, QrCode};

/// Modules of white around it, as readers want them (ISO 18004).
const QUIET: usize = 4;

/// Text as a QR code: dark on white in either theme, since not every camera reads the reverse.
#[component]
pub fn Qr(text: String, label: &'static str) -> impl IntoView {
    let code = QrCode::new(text.as_bytes()).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (place, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            // Writing to a String cannot fail.
            let _ = write!(path, "M{} {}h1v1h-1z", place % width + QUIET, place / width + QUIET);
        }
    }
    let side = width + 2 * QUIET;
    let view_box = format!("0 0 {side} {side}");
    Some(view! {
        <svg class="qr" viewBox=view_box role="img" aria-label=label shape-rendering="crispEdges">
            <rect width=side.to_string() height=side.to_string() fill="#fff" />
            <path d=path fill="#000" />
        </svg>
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::render;

    #[test]
    fn a_code_is_drawn_with_its_quiet_zone() {
        let html = render(|| view! { <Qr text="otpauth://x".to_owned() label="A code" /> });
        // Version 1: 21 modules; the corner of a finder pattern is dark.
        for part in [r#"viewBox="0 0 29 29""#, r#"d="M4 4h1v1h-1z"#, r#"aria-label="A code""#] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
}
