//! Legal documents that hosts accept, and their versions.

/// A document that hosts accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegalDocument {
    Terms,
    PrivacyPolicy,
}

impl LegalDocument {
    /// All versions, the newest first. A version is the date on which it took effect.
    pub fn versions(self) -> &'static [&'static str] {
        match self {
            Self::Terms => &["2026-11-26"],
            Self::PrivacyPolicy => &["2026-11-26"],
        }
    }

    /// The version in effect.
    pub fn current(self) -> &'static str {
        self.versions().first().copied().unwrap_or_default()
    }
}
