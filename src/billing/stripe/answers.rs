use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::billing::Status;

/// A subscription, as far as it is read.
#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
pub struct Subscription {
    pub id: String,
    pub customer: String,
    pub status: String,
    items: Option<Items>,
    /// Seconds since 1970. Until 2025 it stood here, since then with the item.
    current_period_end: Option<i64>,
    cancel_at_period_end: Option<bool>,
    cancel_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
struct Items {
    data: Vec<Item>,
}

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
struct Item {
    id: String,
    price: Option<Named>,
    /// What prices were called before.
    plan: Option<Named>,
    current_period_end: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, miniserde::Deserialize)]
struct Named {
    id: String,
}

impl Subscription {
    fn item(&self) -> Option<&Item> {
        self.items.as_ref()?.data.first()
    }

    /// The id of its one item.
    pub fn item_id(&self) -> &str {
        self.item().map(|item| item.id.as_str()).unwrap_or_default()
    }

    /// The id of the price that is paid.
    pub fn price(&self) -> Option<&str> {
        let item = self.item()?;
        Some(item.price.as_ref().or(item.plan.as_ref())?.id.as_str())
    }

    /// Until when it is paid.
    pub fn period_end(&self) -> Option<DateTime<Utc>> {
        let end = self.item().and_then(|item| item.current_period_end).or(self.current_period_end)?;
        DateTime::from_timestamp(end, 0)
    }

    /// Whether it ends by itself.
    pub fn ends(&self) -> bool {
        self.cancel_at_period_end == Some(true) || self.cancel_at.is_some()
    }

    /// How it stands; a word that we do not know grants nothing.
    pub fn status(&self) -> Status {
        serde_json::from_value(self.status.clone().into()).unwrap_or(Status::Paused)
    }
}

/// A visit to Stripe's checkout.
#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct Checkout {
    pub id: String,
    /// Where it is; none once it is over.
    pub url: Option<String>,
    pub customer: Option<String>,
    /// The account that went there.
    pub client_reference_id: Option<String>,
}

#[derive(miniserde::Deserialize)]
pub struct Address {
    pub url: String,
}

#[derive(miniserde::Deserialize)]
pub struct Id {
    pub id: String,
}

/// What a price costs.
#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct Price {
    pub id: String,
    pub currency: Option<String>,
    /// In the currency's smallest unit; none where it is not one amount.
    pub unit_amount: Option<i64>,
}

#[derive(miniserde::Deserialize)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub has_more: Option<bool>,
}
