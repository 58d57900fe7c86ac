use leptos::prelude::*;
use qrcode::{EcLevel, QrCode, render::svg};

/// A link as a QR code (ISO/IEC 18004), to be scanned from the screen or from paper; nothing where it is too long.
#[component]
pub fn Qr(link: String, label: String) -> impl IntoView {
    let code = QrCode::with_error_correction_level(link.as_bytes(), EcLevel::M).ok()?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build();
    // The crate puts a declaration before the image, which has no place in a page.
    let image = image.find("<svg").map(|start| image[start..].to_owned()).unwrap_or_default();
    Some(view! {
        <details class="qr">
            <summary>"QR code"</summary>
            <div role="img" aria-label=label inner_html=image></div>
        </details>
    })
}
