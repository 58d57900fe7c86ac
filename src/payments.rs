//! Stripe client: the endpoints that we use.

use std::{fmt, time::Duration};

use chrono::TimeDelta;
use serde::Serialize;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};
use stripe_client_core::{CustomizableStripeRequest, RequestBuilder, StripeMethod};

use crate::{
    error::{Error, Result},
    plan::{Interval, Tier},
    problem::Problem,
};

mod answers;

pub use answers::{CheckoutSession, StripePrice, StripeSubscription};
use answers::{ObjectId, PortalSession, StripePage};

/// Timeout of one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Retries while a request with the same idempotency key is in progress.
const MAX_RETRIES: usize = 10;
const RETRY_DELAY: Duration = Duration::from_millis(300);
/// Maximum pages of 100 events per call.
const MAX_PAGES: usize = 50;

/// Stripe's API and our prices.
#[derive(Clone)]
pub struct Stripe {
    client: Client,
    /// Prices by tier and interval; of several for one, the first is sold, the others stay valid.
    prices: Vec<(Tier, Interval, String)>,
    /// Whether the key is for live mode. Events of the other mode are ignored.
    pub live: bool,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("prices", &self.prices).finish_non_exhaustive()
    }
}

/// A request whose response is parsed as `T`: only the fields we use, in any version of the API.
struct StripeRequest<T>(RequestBuilder, std::marker::PhantomData<T>);

impl<T> StripeRequest<T> {
    fn get(path: String) -> Self {
        Self(RequestBuilder::new(StripeMethod::Get, path), std::marker::PhantomData)
    }

    fn post(path: impl Into<String>, form: &impl Serialize) -> Self {
        Self(RequestBuilder::new(StripeMethod::Post, path).form(form), std::marker::PhantomData)
    }

    fn delete(path: String) -> Self {
        Self(RequestBuilder::new(StripeMethod::Delete, path), std::marker::PhantomData)
    }

    fn query(self, query: &impl Serialize) -> Self {
        Self(self.0.query(query), self.1)
    }

    fn build(&self) -> CustomizableStripeRequest<T> {
        let RequestBuilder { query, body, path, method } = &self.0;
        RequestBuilder { query: query.clone(), body: body.clone(), path: path.clone(), method: *method }.customize()
    }
}

/// The portal's page.
#[derive(Clone, Copy, Debug)]
pub enum PortalFlow<'a> {
    /// Payment methods, invoices.
    Everything,
    /// Confirms another price; Stripe shows its cost first.
    Change { subscription: &'a str, item: &'a str, price: &'a str },
}

impl Stripe {
    pub fn new(url: &str, key: &str, prices: Vec<(Tier, Interval, String)>) -> anyhow::Result<Self> {
        let client = ClientBuilder::new(key).url(url).timeout(TIMEOUT).app_info("GuestGuard", None, None).build()?;
        Ok(Self { client, prices, live: key.contains("_live_") })
    }

    /// The price that is sold.
    pub fn price(&self, tier: Tier, interval: Interval) -> Option<&str> {
        self.prices.iter().find(|price| (price.0, price.1) == (tier, interval)).map(|price| price.2.as_str())
    }

    /// Tier and interval of a price.
    pub fn bought(&self, price: &str) -> Option<(Tier, Interval)> {
        self.prices.iter().find(|known| known.2 == price).map(|known| (known.0, known.1))
    }

    /// All configured prices.
    pub fn prices(&self) -> impl Iterator<Item = &str> {
        self.prices.iter().map(|price| price.2.as_str())
    }

    /// Creates a customer; idempotent by `key` for a day.
    pub(super) async fn create_customer(&self, key: &str, email: &str, name: &str, host: &str) -> Result<String> {
        let form = serde_json::json!({ "email": email, "name": name, "metadata": { "host_id": host } });
        let request = StripeRequest::<ObjectId>::post("/customers", &form);
        Ok(self.send(request, Some(key)).await?.id)
    }

    /// Creates a checkout session, which returns to `success` (with `{CHECKOUT_SESSION_ID}` filled in) or `cancel`.
    pub(super) async fn create_checkout(
        &self,
        key: &str,
        customer: &str,
        host: &str,
        price: &str,
        [success, cancel]: [&str; 2],
    ) -> Result<CheckoutSession> {
        let form = serde_json::json!({
            "mode": "subscription",
            "customer": customer,
            "client_reference_id": host,
            "line_items": [{ "price": price, "quantity": 1 }],
            "success_url": success,
            "cancel_url": cancel,
            "subscription_data": { "metadata": { "host_id": host } },
        });
        self.send(StripeRequest::post("/checkout/sessions", &form), Some(key)).await
    }

    /// An existing checkout session.
    pub(super) async fn checkout(&self, id: &str) -> Result<CheckoutSession> {
        self.send(StripeRequest::get(format!("/checkout/sessions/{}", path_part(id))), None).await
    }

    /// The URL of the customer's portal.
    pub(super) async fn portal(&self, customer: &str, back: &str, flow: PortalFlow<'_>) -> Result<String> {
        let mut form = serde_json::json!({ "customer": customer, "return_url": back });
        if let PortalFlow::Change { subscription, item, price } = flow {
            form["flow_data"] = serde_json::json!({
                "type": "subscription_update_confirm",
                "subscription_update_confirm": {
                    "subscription": subscription,
                    "items": [{ "id": item, "price": price, "quantity": 1 }],
                },
                "after_completion": { "type": "redirect", "redirect": { "return_url": back } },
            });
        }
        let request = StripeRequest::<PortalSession>::post("/billing_portal/sessions", &form);
        Ok(self.send(request, None).await?.url)
    }

    /// Cancels a subscription at the end of its period, or resumes it.
    pub(super) async fn set_cancel_at_period_end(
        &self,
        subscription: &str,
        cancel: bool,
    ) -> Result<StripeSubscription> {
        let form = serde_json::json!({ "cancel_at_period_end": cancel });
        self.send(StripeRequest::post(format!("/subscriptions/{}", path_part(subscription)), &form), None).await
    }

    /// Cancels a subscription at once.
    pub(super) async fn cancel_now(&self, subscription: &str) -> Result<()> {
        self.send(StripeRequest::<ObjectId>::delete(format!("/subscriptions/{}", path_part(subscription))), None)
            .await
            .map(|_| ())
    }

    /// Deletes a customer permanently (docs.stripe.com/api/customers/delete).
    pub(super) async fn delete_customer(&self, customer: &str) -> Result<()> {
        self.send(StripeRequest::<ObjectId>::delete(format!("/customers/{}", path_part(customer))), None)
            .await
            .map(|_| ())
    }

    /// A customer's subscriptions, past ones too.
    pub(super) async fn subscriptions(&self, customer: &str) -> Result<Vec<StripeSubscription>> {
        let query = serde_json::json!({ "customer": customer, "status": "all", "limit": 100 });
        let request = StripeRequest::<StripePage<StripeSubscription>>::get("/subscriptions".to_owned()).query(&query);
        Ok(self.send(request, None).await?.data)
    }

    /// The amount of a price.
    pub(super) async fn price_of(&self, id: &str) -> Result<StripePrice> {
        self.send(StripeRequest::get(format!("/prices/{}", path_part(id))), None).await
    }

    /// Events since `since` as JSON, the newest first. Stripe keeps them for 30 days.
    pub(super) async fn events_since(&self, since: chrono::DateTime<chrono::Utc>) -> Result<Vec<String>> {
        let (mut events, mut after) = (Vec::new(), None::<String>);
        for _ in 0..MAX_PAGES {
            let mut query = serde_json::json!({ "created": { "gte": since.timestamp() }, "limit": 100 });
            if let Some(after) = &after {
                query["starting_after"] = after.as_str().into();
            }
            let request = StripeRequest::<StripePage<miniserde::json::Value>>::get("/events".to_owned()).query(&query);
            let page = self.send(request, None).await?;
            after = page.data.last().and_then(|event| match event {
                miniserde::json::Value::Object(event) => match event.get("id") {
                    Some(miniserde::json::Value::String(id)) => Some(id.clone()),
                    _ => None,
                },
                _ => None,
            });
            events.extend(page.data.iter().map(miniserde::json::to_string));
            if page.has_more != Some(true) || after.is_none() {
                break;
            }
        }
        Ok(events)
    }

    /// Sends a request, idempotently with a key. Stripe answers 409 while another request with that key is in progress
    /// (docs.stripe.com/api/idempotent_requests); then retries.
    async fn send<T: miniserde::Deserialize>(&self, request: StripeRequest<T>, key: Option<&str>) -> Result<T> {
        let Some(key) = key else { return request.build().send(&self.client).await.map_err(stripe_error) };
        let key = IdempotencyKey::new(key).map_err(|cause| anyhow::anyhow!("{cause}"))?;
        for _ in 0..MAX_RETRIES {
            let attempt = request.build().request_strategy(RequestStrategy::Idempotent(key.clone()));
            match attempt.send(&self.client).await {
                Err(StripeError::Stripe(_, 409)) => tokio::time::sleep(RETRY_DELAY).await,
                answer => return answer.map_err(stripe_error),
            }
        }
        Err(Problem::Unavailable { retry_after: 30 }.into())
    }
}

/// An id as part of a path; ids from query strings can be anything.
fn path_part(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// Maps Stripe's errors: not found and unavailable are for the person, the rest is unexpected.
fn stripe_error(error: StripeError) -> Error {
    match &error {
        StripeError::Stripe(_, 404) => Problem::NotFound.into(),
        StripeError::Stripe(_, 409 | 429 | 500..) | StripeError::ClientError(_) | StripeError::Timeout => {
            tracing::warn!(%error, "Stripe is out of reach");
            Problem::Unavailable { retry_after: 30 }.into()
        }
        _ => anyhow::Error::new(error).context("Stripe").into(),
    }
}

/// This installation's billing.
#[derive(Clone, Debug)]
pub struct Billing {
    /// The tier of all accounts without Stripe.
    pub default_tier: Tier,
    /// How long a tier remains after a failed payment.
    pub grace: TimeDelta,
    pub stripe: Option<Stripe>,
}

impl Billing {
    pub fn new(default_tier: Tier, grace_days: u16, stripe: Option<Stripe>) -> Self {
        Self { default_tier, grace: TimeDelta::days(grace_days.into()), stripe }
    }
}
