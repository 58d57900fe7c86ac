//! Suppression list: addresses and numbers that must not be written to, and the unsubscribe links that add to it.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(feature = "ssr")]
mod actions;
#[cfg(feature = "ssr")]
mod address_hash;
#[cfg(feature = "ssr")]
pub mod unsubscribe;

#[cfg(feature = "ssr")]
pub use actions::{Scope, count_soft_bounce, remove, suppress};
#[cfg(feature = "ssr")]
pub(crate) use address_hash::{
    address_hash, hash_addresses, hash_known_addresses, remove_resubscribed, suppress_by_hash, suppressed,
    suppressed_by_hash,
};

/// Why an address is suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, EnumString, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Reason {
    /// There is no such mailbox or number.
    HardBounce,
    /// The mailbox was full or broken too often lately.
    SoftBounces,
    /// The recipient marked a message as spam.
    Complaint,
    Unsubscribed,
    /// The guest had their data erased.
    Erased,
}

/// An address as the suppression list stores it: in lower case, because in practice no two mailboxes differ by case alone.
/// Phone numbers are E.164 already.
pub fn normalise_address(address: &str) -> String {
    address.trim().to_lowercase()
}
