use serde::{Deserialize, Serialize};

/// Checkout, portal, cancelling and coming back.
#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod jobs;
/// What an account's tier allows, asked in the transaction that uses it up.
#[cfg(feature = "ssr")]
pub mod limits;
#[cfg(feature = "ssr")]
pub mod queries;
/// Stripe's API, as far as it is used.
#[cfg(feature = "ssr")]
pub mod stripe;
/// What is known of subscriptions, and how it is kept true.
#[cfg(feature = "ssr")]
pub mod subscriptions;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// What an account pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Tier {
    #[default]
    Free,
    Pro,
    Business,
}

/// How much a tier allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Events that are planned at the same time; those that are over or cancelled do not count. `None`: any number.
    pub events: Option<i64>,
    /// Guests on one event's list.
    pub guests: i64,
}

impl Tier {
    /// All, the smallest first.
    pub const ALL: [Self; 3] = [Self::Free, Self::Pro, Self::Business];

    /// How much it allows. This is the one place to change it.
    pub const fn allowance(self) -> Allowance {
        match self {
            Self::Free => Allowance { events: Some(1), guests: 50 },
            Self::Pro => Allowance { events: Some(10), guests: 1_000 },
            Self::Business => Allowance { events: None, guests: 5_000 },
        }
    }

    /// The next larger one.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| *tier > self)
    }

    /// The name in the database and in forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Business => "business",
        }
    }

    /// The name that people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Pro => "Pro",
            Self::Business => "Business",
        }
    }

    /// The tier of that key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.key() == key)
    }
}

/// How often is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Billed {
    #[default]
    Monthly,
    Yearly,
}

impl Billed {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Monthly, Self::Yearly];

    /// The name in the database and in forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Yearly => "yearly",
        }
    }
}

/// Which limit of a tier is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// More events at the same time.
    Events,
    /// More guests on one list.
    Guests,
    /// Nothing more is sent while more events are planned than the tier allows.
    TooManyEvents,
    /// Nothing more is sent for an event with more guests than the tier allows.
    TooManyGuests,
}

impl Reached {
    /// The name in answers.
    pub fn key(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Guests => "guests",
            Self::TooManyEvents => "too-many-events",
            Self::TooManyGuests => "too-many-guests",
        }
    }
}

/// How a subscription stands, in Stripe's words (docs.stripe.com/api/subscriptions/object).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
pub enum Status {
    /// The first payment is not through.
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    /// A later payment failed and is tried again.
    PastDue,
    Canceled,
    /// Payments failed for good.
    Unpaid,
    Paused,
}

impl Status {
    /// The name in the database, and Stripe's.
    pub fn key(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
        }
    }
}

/// How this GuestGuard is paid for.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Billing {
    /// Everybody's tier where nothing is sold.
    pub default_tier: Tier,
    /// For how long a tier stays after a payment failed.
    pub grace: chrono::TimeDelta,
    /// `None`: nothing is sold.
    pub stripe: Option<stripe::Stripe>,
}

#[cfg(feature = "ssr")]
impl Billing {
    /// Plans sold at `stripe`, with so many days of grace; without it, everybody has `default_tier`.
    pub fn new(default_tier: Tier, grace_days: u16, stripe: Option<stripe::Stripe>) -> Self {
        Self { default_tier, grace: chrono::TimeDelta::days(grace_days.into()), stripe }
    }
}
