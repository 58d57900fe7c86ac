use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
/// What the columns of a table hold.
pub mod columns;
/// Reading a file: its kind, its encoding, its rows.
#[cfg(feature = "ssr")]
mod file;
#[cfg(feature = "ssr")]
pub mod queries;
/// Reading one row as a guest.
pub mod row;
/// Telling a table's separator, and its rows apart.
pub mod table;
#[cfg(all(test, feature = "ssr"))]
mod tests;

use crate::{guests::GuestForm, ids::GuestId, problem::InvalidField};

/// Most rows of one file.
pub const MOST_ROWS: usize = 5_000;
/// Largest file, in bytes.
pub const MOST_BYTES: usize = 5_000_000;
/// Hours in which an import can be undone, and in which an unfinished one is kept.
pub const KEPT_HOURS: i64 = 24;

/// What is done with people who are on the list already, told by their e-mail address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Matches {
    /// They stay as they are.
    #[default]
    Skip,
    /// They get what the file says; what it leaves empty stays.
    Update,
    /// They stand on the list twice.
    Add,
}

impl Matches {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Skip, Self::Update, Self::Add];

    /// The name in forms and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Update => "update",
            Self::Add => "add",
        }
    }
}

/// What comes in with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upload {
    /// The file's name.
    pub name: String,
    /// The country of numbers that name none, an ISO code or empty.
    pub country: String,
    /// What the host takes its columns for, as they saw them before; empty: what they seem to be.
    pub columns: Vec<columns::Column>,
}

/// How the host wants a file to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// A key of [`columns::Column`] for each column of the file.
    pub columns: Vec<String>,
    /// Whether the first row names the columns.
    pub header: bool,
    /// The country of numbers that name none.
    pub country: String,
    /// A key of [`Matches`].
    pub matches: String,
}

/// What will become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Verdict {
    /// Becomes a guest.
    Ready,
    /// Something in it has to be corrected first.
    Attention,
    /// The same address stands earlier in the file.
    Repeated,
    /// Somebody with this address is on the list already.
    Known,
    /// There is no room for it on the list.
    OverLimit,
    /// The host left it out.
    LeftOut,
}

impl Verdict {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Attention, Self::Ready, Self::Known, Self::Repeated, Self::OverLimit, Self::LeftOut];

    /// The name in addresses and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Attention => "attention",
            Self::Repeated => "repeated",
            Self::Known => "known",
            Self::OverLimit => "over-limit",
            Self::LeftOut => "left-out",
        }
    }

    /// The verdict of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.key() == key)
    }
}

/// One row of a file, read and judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line on which it begins, from 1.
    pub line: i32,
    /// As read, or as the host corrected it.
    pub form: GuestForm,
    pub verdict: Verdict,
    pub faults: Vec<InvalidField>,
    /// The line of the file that has the same address.
    pub repeats: Option<i32>,
    /// The guest on the list who has the same address.
    pub known: Option<GuestId>,
    /// An address that was probably meant.
    pub suggestion: Option<String>,
    /// The address must not be written to: it does not work, or whoever has it unsubscribed.
    pub stopped: bool,
}
