//! Guest imports: a file becomes rows, the host reviews them, and a commit adds them to the guest list.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
mod apply;
pub mod columns;
#[cfg(feature = "ssr")]
mod file;
#[cfg(feature = "ssr")]
pub mod queries;
pub mod row;
pub mod table;
#[cfg(all(test, feature = "ssr"))]
mod tests;
#[cfg(feature = "ssr")]
mod validate;

use crate::{guests::GuestForm, ids::GuestId, problem::InvalidField};

/// Most rows of one file, without the headings.
pub const MOST_ROWS: usize = 5_000;
/// Largest file, in bytes.
pub const MOST_BYTES: usize = 5_000_000;
/// Hours in which a committed import can be undone; an unfinished one expires after as many.
pub const KEPT_HOURS: i64 = 24;

/// What a commit does with rows whose email address is on the guest list already.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum DuplicatePolicy {
    #[default]
    Skip,
    /// The guest gets the values of the row; empty cells change nothing.
    Update,
    /// The guest list gets a second guest with that address.
    Add,
}

/// What the host sends along with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upload {
    /// The file's name.
    pub name: String,
    /// Default country for phone numbers, an ISO code or empty.
    pub country: String,
    /// The mapping chosen in the preview; empty: detected.
    pub columns: Vec<columns::Column>,
}

/// How the host wants a file to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnMapping {
    /// The name of a [`columns::Column`] for each column of the file.
    pub columns: Vec<String>,
    /// Whether the first row holds headings.
    pub header: bool,
    /// Default country for phone numbers.
    pub country: String,
    /// The name of a [`DuplicatePolicy`].
    pub duplicates: String,
}

/// What a commit does with a row. In the order of the review page's tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum RowStatus {
    /// Invalid; the host has to correct or skip it.
    Attention,
    /// Becomes a guest.
    Ready,
    /// A guest has this address; the [`DuplicatePolicy`] decides.
    Known,
    /// An earlier row has this address.
    Repeated,
    /// Beyond the guest limit of the host's plan.
    OverLimit,
    /// Skipped by the host, or the headings.
    Excluded,
}

/// A validated row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// The line of the file on which it begins, from 1.
    pub line: i32,
    /// The cells as mapped, or the host's correction.
    pub form: GuestForm,
    pub status: RowStatus,
    pub faults: Vec<InvalidField>,
    /// The line of the first row with the same address.
    pub duplicate_of: Option<i32>,
    /// The guest with the same address.
    pub existing_guest: Option<GuestId>,
    /// The address probably meant, if this one looks mistyped.
    pub suggestion: Option<String>,
    /// The address is suppressed: it bounced or unsubscribed.
    pub suppressed: bool,
}
