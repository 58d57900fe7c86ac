//! Plans: tiers and their limits.

use serde::{Deserialize, Serialize};

/// A plan's tier, the smallest first.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Tier {
    #[default]
    Free,
    Pro,
    Business,
}

/// What a tier allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanLimits {
    /// Upcoming events; past and cancelled ones do not count. `None`: unlimited.
    pub events: Option<i64>,
    /// Guests per event.
    pub guests: i64,
}

impl Tier {
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Its limits. Change them here only.
    pub const fn limits(self) -> PlanLimits {
        match self {
            Self::Free => PlanLimits { events: Some(1), guests: 50 },
            Self::Pro => PlanLimits { events: Some(10), guests: 1_000 },
            Self::Business => PlanLimits { events: None, guests: 5_000 },
        }
    }

    /// The next larger tier.
    pub fn next(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|tier| *tier > self)
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Pro => "Pro",
            Self::Business => "Business",
        }
    }
}

/// Which limit of a plan is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitReached {
    /// No room for another event.
    Events,
    /// No room for more guests at the event.
    Guests,
    /// Nothing is sent while there are more upcoming events than the tier allows.
    TooManyEvents,
    /// Nothing is sent for an event with more guests than the tier allows.
    TooManyGuests,
}

/// The billing interval.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display, strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Interval {
    #[default]
    Monthly,
    Yearly,
}

/// Stripe's status of a subscription (docs.stripe.com/api/subscriptions/object).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "snake_case"))]
pub enum SubscriptionStatus {
    /// The first payment is pending.
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    /// A later payment failed and is retried.
    PastDue,
    Canceled,
    /// Payments failed for good.
    Unpaid,
    Paused,
}
