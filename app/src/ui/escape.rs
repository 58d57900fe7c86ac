/// Text as HTML that shows it, for the two places where Leptos 0.8 writes text without escaping it: the children of a
/// `<textarea>`, and the page's title. Both end at their own closing tag, so a value with that tag could leave them.
pub fn text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What stands inside a `<textarea>` that shows `value`. A browser drops the first line break, so there is one more.
pub fn textarea(value: &str) -> String {
    format!("\n{}", text(value))
}
