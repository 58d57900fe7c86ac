use serde::{Deserialize, Serialize};

use super::Status;
use crate::ids::GuestId;

/// Rows on one page of the table.
pub const PAGE_SIZE: i64 = 50;

/// What the host asks of the table; lives in the address, so that a view can be kept and shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Words that name, e-mail, phone or note must contain.
    pub search: String,
    pub status: Option<Status>,
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

/// How a guest can be reached, or cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    NoEmail,
    /// Neither address nor number.
    Nothing,
    /// The message could not be delivered.
    Problem,
}

impl Reach {
    /// All, in the order of the filter.
    pub const ALL: [Self; 3] = [Self::NoEmail, Self::Nothing, Self::Problem];

    /// The name in addresses and queries.
    pub fn key(self) -> &'static str {
        match self {
            Self::NoEmail => "no-email",
            Self::Nothing => "nothing",
            Self::Problem => "problem",
        }
    }

    /// The words people read.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoEmail => "No e-mail",
            Self::Nothing => "No way to reach",
            Self::Problem => "Delivery problem",
        }
    }

    /// The filter of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reach| reach.key() == key)
    }
}

/// The columns that sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    Name,
    Status,
    Party,
    /// Last change of the guest's standing.
    Activity,
}

impl Sort {
    const ALL: [Self; 4] = [Self::Name, Self::Status, Self::Party, Self::Activity];

    /// The name in addresses and queries.
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Status => "status",
            Self::Party => "party",
            Self::Activity => "activity",
        }
    }

    /// The sort of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }
}

impl ListQuery {
    /// Reads the parameters of an address; what it does not know counts as not said.
    pub fn read(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| parameter(name).unwrap_or_default().trim().chars().take(120).collect::<String>();
        Self {
            search: text("search"),
            status: Status::of_key(&text("status")),
            tag: text("tag"),
            reach: Reach::of_key(&text("reach")),
            sort: Sort::of_key(&text("sort")).unwrap_or(Sort::Name),
            descending: text("order") == "down",
            page: text("page").parse().unwrap_or(1).clamp(1, 1_000_000),
        }
    }

    /// The parameters that say the same, without those at their default.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let mut pairs = Vec::new();
        let mut say = |name, value: String| {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        };
        say("search", self.search.clone());
        say("status", self.status.map(|status| status.key().to_owned()).unwrap_or_default());
        say("tag", self.tag.clone());
        say("reach", self.reach.map(|reach| reach.key().to_owned()).unwrap_or_default());
        if self.sort != default.sort {
            say("sort", self.sort.key().to_owned());
        }
        if self.descending {
            say("order", "down".to_owned());
        }
        if self.page > 1 {
            say("page", self.page.to_string());
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

    /// A LIKE pattern that finds the search anywhere in a text; both are folded by the database.
    pub fn pattern(&self) -> Option<String> {
        if self.search.is_empty() {
            return None;
        }
        // A number as people write it, with its trunk zero, stands in E.164.
        let digits: String = self.search.chars().filter(char::is_ascii_digit).collect();
        let is_number = self.search.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
        if is_number && digits.len() >= 5 {
            return Some(format!("%{}%", digits.trim_start_matches('0')));
        }
        let escaped = self.search.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        Some(format!("%{escaped}%"))
    }

    /// Whether something is filtered out.
    pub fn is_filtered(&self) -> bool {
        !self.search.is_empty() || self.status.is_some() || !self.tag.is_empty() || self.reach.is_some()
    }
}

/// Whom a host means: rows that are ticked, or everybody who fits a view of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    Only(Vec<GuestId>),
    Fitting(ListQuery),
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLine {
    pub id: GuestId,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub party_size: i32,
    pub tags: Vec<String>,
    pub note: String,
    pub status: Status,
    /// Seats of an answer that takes some.
    pub heads: Option<i32>,
    /// What the mail server said when it refused.
    pub last_error: Option<String>,
    pub activity_at: chrono::DateTime<chrono::Utc>,
}

/// One page of the table.
#[derive(Clone, Debug)]
pub struct GuestPage {
    pub query: ListQuery,
    pub lines: Vec<GuestLine>,
    /// Guests that match the filters.
    pub matching: i64,
    /// Nobody matches; these are nearly called so.
    pub similar: bool,
    /// Guests on the list.
    pub total: i64,
    /// Tags in use, for the filter.
    pub tags: Vec<String>,
}

impl GuestPage {
    /// Pages there are.
    pub fn pages(&self) -> i64 {
        ((self.matching + PAGE_SIZE - 1) / PAGE_SIZE).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_round_trips() {
        let query = ListQuery {
            search: "ada".into(),
            status: Some(Status::Opened),
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
    fn nonsense_in_the_address_counts_as_not_said() {
        assert_eq!(ListQuery::read(|_| Some("'; drop table".into())).status, None);
        assert_eq!(ListQuery::read(|name| (name == "page").then(|| "-4".into())).page, 1);
    }
}
