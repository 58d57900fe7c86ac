use std::{fmt, time::Duration};

use serde::Serialize;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError};
use stripe_client_core::{CustomizableStripeRequest, RequestBuilder, StripeMethod};

use super::{Billed, Tier};
use crate::{
    error::{Error, Result},
    problem::Problem,
};

/// What Stripe answers, as far as it is read.
mod answers;

use answers::{Address, Id, Page};
pub use answers::{Checkout, Price, Subscription};

/// Longest wait for one answer of Stripe's.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often, and how long, an answer to the same question is waited for.
const MOST_WAITS: usize = 10;
const WAIT: Duration = Duration::from_millis(300);
/// Pages of events that are asked for at once; 100 each.
const MOST_PAGES: usize = 50;

/// Stripe, and what is sold there.
#[derive(Clone)]
pub struct Stripe {
    client: Client,
    /// Prices by what they buy; of several for the same, the first is sold, the others are known.
    prices: Vec<(Tier, Billed, String)>,
    /// Whether the key is for real money. Events of the other kind are not ours.
    pub live: bool,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe").field("prices", &self.prices).finish_non_exhaustive()
    }
}

/// A request whose answer is read as `T`: only the fields that we use, whatever version of the API answers.
struct Ask<T>(RequestBuilder, std::marker::PhantomData<T>);

impl<T> Ask<T> {
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

    fn request(&self) -> CustomizableStripeRequest<T> {
        let RequestBuilder { query, body, path, method } = &self.0;
        RequestBuilder { query: query.clone(), body: body.clone(), path: path.clone(), method: *method }.customize()
    }
}

/// What a visit to the portal is for.
#[derive(Clone, Copy, Debug)]
pub enum Visit<'a> {
    /// Means of payment, invoices.
    Everything,
    /// Another price; Stripe shows what that costs before it is agreed to.
    Change { subscription: &'a str, item: &'a str, price: &'a str },
}

impl Stripe {
    /// Stripe at `url`, by the account's secret key.
    ///
    /// # Errors
    /// The key or the address cannot be used.
    pub fn new(url: &str, key: &str, prices: Vec<(Tier, Billed, String)>) -> anyhow::Result<Self> {
        let client = ClientBuilder::new(key).url(url).timeout(PATIENCE).app_info("GuestGuard", None, None).build()?;
        Ok(Self { client, prices, live: key.contains("_live_") })
    }

    /// The price that is sold.
    pub fn price(&self, tier: Tier, billed: Billed) -> Option<&str> {
        self.prices.iter().find(|price| (price.0, price.1) == (tier, billed)).map(|price| price.2.as_str())
    }

    /// What a price buys.
    pub fn bought(&self, price: &str) -> Option<(Tier, Billed)> {
        self.prices.iter().find(|known| known.2 == price).map(|known| (known.0, known.1))
    }

    /// All prices that are known.
    pub fn prices(&self) -> impl Iterator<Item = &str> {
        self.prices.iter().map(|price| price.2.as_str())
    }

    /// A new customer; asked again with the same `key` within a day, the same.
    pub(super) async fn create_customer(&self, key: &str, email: &str, name: &str, host: &str) -> Result<String> {
        let form = serde_json::json!({ "email": email, "name": name, "metadata": { "host_id": host } });
        let ask = Ask::<Id>::post("/customers", &form);
        Ok(self.send(ask, Some(key)).await?.id)
    }

    /// A visit to the checkout, which comes back to `success` (with `{CHECKOUT_SESSION_ID}` filled in) or `cancel`.
    pub(super) async fn create_checkout(
        &self,
        key: &str,
        customer: &str,
        host: &str,
        price: &str,
        [success, cancel]: [&str; 2],
    ) -> Result<Checkout> {
        let form = serde_json::json!({
            "mode": "subscription",
            "customer": customer,
            "client_reference_id": host,
            "line_items": [{ "price": price, "quantity": 1 }],
            "success_url": success,
            "cancel_url": cancel,
            "subscription_data": { "metadata": { "host_id": host } },
        });
        self.send(Ask::post("/checkout/sessions", &form), Some(key)).await
    }

    /// A visit to the checkout that was made before.
    pub(super) async fn checkout(&self, id: &str) -> Result<Checkout> {
        self.send(Ask::get(format!("/checkout/sessions/{}", path_part(id))), None).await
    }

    /// The address of the customer's portal.
    pub(super) async fn portal(&self, customer: &str, back: &str, visit: Visit<'_>) -> Result<String> {
        let mut form = serde_json::json!({ "customer": customer, "return_url": back });
        if let Visit::Change { subscription, item, price } = visit {
            form["flow_data"] = serde_json::json!({
                "type": "subscription_update_confirm",
                "subscription_update_confirm": {
                    "subscription": subscription,
                    "items": [{ "id": item, "price": price, "quantity": 1 }],
                },
                "after_completion": { "type": "redirect", "redirect": { "return_url": back } },
            });
        }
        let ask = Ask::<Address>::post("/billing_portal/sessions", &form);
        Ok(self.send(ask, None).await?.url)
    }

    /// Lets a subscription end with what is paid, or go on after all.
    pub(super) async fn set_ending(&self, subscription: &str, ends: bool) -> Result<Subscription> {
        let form = serde_json::json!({ "cancel_at_period_end": ends });
        self.send(Ask::post(format!("/subscriptions/{}", path_part(subscription)), &form), None).await
    }

    /// Ends a subscription at once.
    pub(super) async fn end_now(&self, subscription: &str) -> Result<()> {
        self.send(Ask::<Id>::delete(format!("/subscriptions/{}", path_part(subscription))), None).await.map(|_| ())
    }

    /// Deletes a customer for good, and what they told Stripe (docs.stripe.com/api/customers/delete).
    pub(super) async fn delete_customer(&self, customer: &str) -> Result<()> {
        self.send(Ask::<Id>::delete(format!("/customers/{}", path_part(customer))), None).await.map(|_| ())
    }

    /// All subscriptions that a customer has or had.
    pub(super) async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>> {
        let query = serde_json::json!({ "customer": customer, "status": "all", "limit": 100 });
        let ask = Ask::<Page<Subscription>>::get("/subscriptions".to_owned()).query(&query);
        Ok(self.send(ask, None).await?.data)
    }

    /// What a price costs.
    pub(super) async fn price_of(&self, id: &str) -> Result<Price> {
        self.send(Ask::get(format!("/prices/{}", path_part(id))), None).await
    }

    /// What happened since `since`, the newest first, each event as JSON. Stripe keeps them for 30 days.
    pub(super) async fn events_since(&self, since: chrono::DateTime<chrono::Utc>) -> Result<Vec<String>> {
        let (mut events, mut after) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut query = serde_json::json!({ "created": { "gte": since.timestamp() }, "limit": 100 });
            if let Some(after) = &after {
                query["starting_after"] = after.as_str().into();
            }
            let ask = Ask::<Page<miniserde::json::Value>>::get("/events".to_owned()).query(&query);
            let page = self.send(ask, None).await?;
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

    /// Asks, with a key for what must not be done twice. While another request with that key is on its way, Stripe says 409
    /// (docs.stripe.com/api/idempotent_requests); its answer is waited for.
    async fn send<T: miniserde::Deserialize>(&self, ask: Ask<T>, key: Option<&str>) -> Result<T> {
        let Some(key) = key else { return ask.request().send(&self.client).await.map_err(fault) };
        let key = IdempotencyKey::new(key).map_err(|cause| anyhow::anyhow!("{cause}"))?;
        for _ in 0..MOST_WAITS {
            let request = ask.request().request_strategy(RequestStrategy::Idempotent(key.clone()));
            match request.send(&self.client).await {
                Err(StripeError::Stripe(_, 409)) => tokio::time::sleep(WAIT).await,
                answer => return answer.map_err(fault),
            }
        }
        Err(Problem::Unavailable { retry_after: 30 }.into())
    }
}

/// An id as part of a path: what people send back in an address could be anything.
fn path_part(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

/// What Stripe or the way there has against a request. Nothing there, or too busy, is for the person; the rest is ours.
fn fault(error: StripeError) -> Error {
    match &error {
        StripeError::Stripe(_, 404) => Problem::NotFound.into(),
        StripeError::Stripe(_, 409 | 429 | 500..) | StripeError::ClientError(_) | StripeError::Timeout => {
            tracing::warn!(%error, "Stripe is out of reach");
            Problem::Unavailable { retry_after: 30 }.into()
        }
        _ => anyhow::Error::new(error).context("Stripe").into(),
    }
}
