//! HTML escaping where Leptos does not escape.

/// Escapes text for the two places where Leptos 0.8 does not: the content of a `<textarea>` and the title. A value with
/// the closing tag could break out of either.
pub fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The content of a `<textarea>`. A browser drops the first line break, so there is one more.
pub fn textarea(value: &str) -> String {
    format!("\n{}", text(value))
}
