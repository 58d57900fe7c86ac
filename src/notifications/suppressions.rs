use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod veil;

#[cfg(feature = "ssr")]
pub use actions::{Scope, count_soft_bounce, lift, subscribe_again, suppress, unsubscribe};
#[cfg(feature = "ssr")]
pub(crate) use veil::{address_hash, forget_resumed, stopped, stopped_by_hash, suppress_hashed, veil, veil_known};

/// Why an address must not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Reason {
    /// There is no such mailbox or number.
    HardBounce,
    /// Full or broken too often lately.
    SoftBounces,
    /// Whoever reads it called our mail spam.
    Complaint,
    /// Whoever reads it wants no more.
    Unsubscribed,
    /// Whoever reads it was erased at their wish.
    Erased,
}

impl Reason {
    /// All.
    pub const ALL: [Self; 5] = [Self::HardBounce, Self::SoftBounces, Self::Complaint, Self::Unsubscribed, Self::Erased];

    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::HardBounce => "hard-bounce",
            Self::SoftBounces => "soft-bounces",
            Self::Complaint => "complaint",
            Self::Unsubscribed => "unsubscribed",
            Self::Erased => "erased",
        }
    }
}

/// An address as suppressions know it: capitals make no other mailbox in practice. Numbers are E.164 already.
pub fn normal(address: &str) -> String {
    address.trim().to_lowercase()
}
