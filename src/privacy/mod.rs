#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// One of the two documents that hosts agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    Terms,
    PrivacyPolicy,
}

impl Document {
    /// Every version that ever held, the newest first. A version is the day from which it holds.
    pub fn versions(self) -> &'static [&'static str] {
        match self {
            Self::Terms => &["2026-11-26"],
            Self::PrivacyPolicy => &["2026-11-26"],
        }
    }

    /// The version that holds now.
    pub fn current(self) -> &'static str {
        self.versions().first().copied().unwrap_or_default()
    }
}
