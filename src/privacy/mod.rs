//! Privacy: consent, data export, subject access, erasure and retention.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub(crate) mod erasure;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
pub(crate) mod jobs;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod subject_access;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// Days after which the remains of a deleted account are removed. Until then Stripe may send events about it.
pub const DELETED_ACCOUNT_DAYS: i64 = 30;

/// The form that deletes an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeletionForm {
    /// The account's email address.
    pub confirmation: String,
}

/// The form by which guests correct their data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CorrectionForm {
    pub name: String,
    pub email: String,
    /// With its country code.
    pub phone: String,
}
