//! Guest table: filters, order and pages, as in its address.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::GuestStatus;
use crate::ids::GuestId;

/// Rows on one page of the table.
pub const PAGE_SIZE: i64 = 50;

/// A view of the table. Part of the address, so that it can be bookmarked and shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Text that name, email, phone or note must contain.
    pub search: String,
    pub status: Option<GuestStatus>,
    pub tag: String,
    pub reach: Option<Reach>,
    pub sort: Sort,
    pub descending: bool,
    /// From 1.
    pub page: i64,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            search: String::new(),
            status: None,
            tag: String::new(),
            reach: None,
            sort: Sort::Name,
            descending: false,
            page: 1,
        }
    }
}

/// Filter by the guest's contact details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Reach {
    NoEmail,
    /// Neither email nor phone.
    Nothing,
    /// The invitation could not be delivered.
    Problem,
}

impl Reach {
    pub fn label(self) -> &'static str {
        match self {
            Self::NoEmail => "No email",
            Self::Nothing => "Missing contact details",
            Self::Problem => "Delivery problem",
        }
    }
}

/// The columns that sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Sort {
    Name,
    Status,
    Party,
    /// The guest's last activity.
    Activity,
}

impl ListQuery {
    /// Reads the parameters of an address. Ignores unknown values.
    pub fn read(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| parameter(name).unwrap_or_default().trim().chars().take(120).collect::<String>();
        Self {
            search: text("search"),
            status: text("status").parse().ok(),
            tag: text("tag"),
            reach: text("reach").parse().ok(),
            sort: text("sort").parse().unwrap_or(Sort::Name),
            descending: text("order") == "down",
            page: text("page").parse().unwrap_or(1).clamp(1, 1_000_000),
        }
    }

    /// The parameters of this view's address, without those at their default.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let mut pairs = Vec::new();
        let mut add = |name, value: String| {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        };
        add("search", self.search.clone());
        add("status", self.status.map(|status| status.into_str().to_owned()).unwrap_or_default());
        add("tag", self.tag.clone());
        add("reach", self.reach.map(|reach| reach.into_str().to_owned()).unwrap_or_default());
        if self.sort != default.sort {
            add("sort", self.sort.into_str().to_owned());
        }
        if self.descending {
            add("order", "down".to_owned());
        }
        if self.page > 1 {
            add("page", self.page.to_string());
        }
        pairs
    }

    /// Guests before this page.
    pub fn offset(&self) -> i64 {
        (self.page - 1) * PAGE_SIZE
    }

    /// The tag that guests must have.
    pub fn tag(&self) -> Option<&str> {
        Some(self.tag.as_str()).filter(|tag| !tag.is_empty())
    }

    /// A LIKE pattern that finds the search anywhere in a text. The database removes accents and case on both sides.
    pub fn pattern(&self) -> Option<String> {
        if self.search.is_empty() {
            return None;
        }
        // Numbers are stored in E.164, without the trunk zero that people type.
        let digits: String = self.search.chars().filter(char::is_ascii_digit).collect();
        let is_number = self.search.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
        if is_number && digits.len() >= 5 {
            return Some(format!("%{}%", digits.trim_start_matches('0')));
        }
        let escaped = self.search.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        Some(format!("%{escaped}%"))
    }

    /// Whether any filter is set.
    pub fn is_filtered(&self) -> bool {
        !self.search.is_empty() || self.status.is_some() || !self.tag.is_empty() || self.reach.is_some()
    }
}

/// The guests selected for a bulk action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkSelection {
    Only(Vec<GuestId>),
    /// All guests of a view, on every page.
    Matching(ListQuery),
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct GuestListRow {
    pub id: GuestId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub party_size: i32,
    pub tags: Vec<String>,
    pub note: String,
    pub status: GuestStatus,
    /// People attending or maybe attending, the guest included.
    pub heads: Option<i32>,
    /// Why the invitation could not be delivered.
    pub last_error: Option<String>,
    pub activity_at: chrono::DateTime<chrono::Utc>,
}

/// One page of the table.
#[derive(Clone, Debug)]
pub struct GuestPage {
    pub query: ListQuery,
    pub rows: Vec<GuestListRow>,
    /// Guests that match the filters.
    pub matching: i64,
    /// Nobody matches the search; the rows are guests with similar names.
    pub similar: bool,
    /// Guests on the list.
    pub total: i64,
    /// Tags in use, for the filter.
    pub tags: Vec<String>,
}

impl GuestPage {
    pub fn pages(&self) -> i64 {
        ((self.matching + PAGE_SIZE - 1) / PAGE_SIZE).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_survives_its_address() {
        let query = ListQuery {
            search: "ada".into(),
            status: Some(GuestStatus::Opened),
            tag: "Family".into(),
            reach: Some(Reach::NoEmail),
            sort: Sort::Activity,
            descending: true,
            page: 3,
        };
        let pairs = query.pairs();
        assert_eq!(ListQuery::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone())), query);
        assert!(ListQuery::default().pairs().is_empty());
    }

    #[test]
    fn unknown_values_in_the_address_are_ignored() {
        assert_eq!(ListQuery::read(|_| Some("'; drop table".into())).status, None);
        assert_eq!(ListQuery::read(|name| (name == "page").then(|| "-4".into())).page, 1);
    }
}
