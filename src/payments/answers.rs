//! Responses of Stripe's API: the fields that we read.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::plan::SubscriptionStatus;

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
pub struct StripeSubscription {
    pub id: String,
    pub customer: String,
    pub status: String,
    items: Option<SubscriptionItems>,
    /// Unix seconds. API versions before 2025 have it here, later ones with the item.
    current_period_end: Option<i64>,
    cancel_at_period_end: Option<bool>,
    cancel_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
struct SubscriptionItems {
    data: Vec<SubscriptionItem>,
}

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
struct SubscriptionItem {
    id: String,
    price: Option<Named>,
    /// Former name of `price`.
    plan: Option<Named>,
    current_period_end: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
struct Named {
    id: String,
}

impl StripeSubscription {
    fn item(&self) -> Option<&SubscriptionItem> {
        self.items.as_ref()?.data.first()
    }

    /// The id of its only item.
    pub fn item_id(&self) -> &str {
        self.item().map(|item| item.id.as_str()).unwrap_or_default()
    }

    /// The price's id.
    pub fn price(&self) -> Option<&str> {
        let item = self.item()?;
        Some(item.price.as_ref().or(item.plan.as_ref())?.id.as_str())
    }

    pub fn period_end(&self) -> Option<DateTime<Utc>> {
        let end = self.item().and_then(|item| item.current_period_end).or(self.current_period_end)?;
        DateTime::from_timestamp(end, 0)
    }

    /// Whether it is cancelled at the end of a period.
    pub fn is_ending(&self) -> bool {
        self.cancel_at_period_end == Some(true) || self.cancel_at.is_some()
    }

    /// Unknown values count as paused, which grants nothing.
    pub fn status(&self) -> SubscriptionStatus {
        self.status.parse().unwrap_or(SubscriptionStatus::Paused)
    }
}

#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct CheckoutSession {
    pub id: String,
    /// `None` once it is completed or expired.
    pub url: Option<String>,
    pub customer: Option<String>,
    /// The account's id.
    pub client_reference_id: Option<String>,
}

#[derive(miniserde::Deserialize)]
pub struct PortalSession {
    pub url: String,
}

#[derive(miniserde::Deserialize)]
pub struct ObjectId {
    pub id: String,
}

#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct StripePrice {
    pub id: String,
    pub currency: Option<String>,
    /// In the currency's minor unit; `None` for tiered prices.
    pub unit_amount: Option<i64>,
}

#[derive(miniserde::Deserialize)]
pub struct StripePage<T> {
    pub data: Vec<T>,
    pub has_more: Option<bool>,
}
