//! QR codes.

use leptos::prelude::*;
use qrcode::{EcLevel, QrCode, render::svg};

/// A link as a QR code (ISO/IEC 18004); nothing if it is too long for one.
#[component]
pub fn Qr(link: String, label: String) -> impl IntoView {
    let code = QrCode::with_error_correction_level(link.as_bytes(), EcLevel::M).ok()?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build();
    // Drops the XML declaration that the crate writes first.
    let image = image.find("<svg").map(|start| image[start..].to_owned()).unwrap_or_default();
    Some(view! {
        <details class="qr">
            <summary>"QR code"</summary>
            <div role="img" aria-label=label inner_html=image></div>
        </details>
    })
}
