//! Fake Stripe servers.

use std::process::Stdio;

use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::{App, Settings, eventually, node::free_address, python};

/// Signs the webhooks of tests.
pub const SECRET: &str = "whsec_of_the_tests";
/// The secret that `SECRET` replaces.
pub const OLD_SECRET: &str = "whsec_of_last_year";

/// A fake Stripe: `server/tests/peers/stripe_stub.py`.
pub struct Stripe {
    pub url: String,
    _process: Child,
}

impl Stripe {
    /// An empty account.
    pub async fn start() -> Self {
        let address = free_address().await;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/stripe_stub.py");
        let mut command = Command::new(python());
        command.arg(script).arg(address.split_once(':').unwrap().1);
        let process = command.stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let stripe = Self { url: format!("http://{address}"), _process: process };
        eventually(async || reqwest::get(format!("{}/_count", stripe.url)).await.is_ok()).await;
        stripe
    }

    /// Settings of a node that uses it.
    pub fn settings(&self) -> Settings {
        settings(&self.url)
    }

    /// Sends webhooks to `app` from now on.
    pub async fn send_webhooks_to(&self, app: &App) {
        let webhook = format!("http://{}/webhooks/stripe", app.address);
        self.set(json!({ "webhook": webhook, "secret": SECRET })).await;
    }

    /// Changes its behaviour.
    pub async fn set(&self, setting: Value) {
        self.control("_set", setting).await;
    }

    /// Changes a subscription and sends a webhook of that kind.
    pub async fn change_subscription(&self, kind: &str, subscription: &str, change: Value) {
        self.control(&format!("_tell/{kind}/{subscription}"), change).await;
    }

    async fn control(&self, path: &str, body: Value) {
        let request = Client::new().post(format!("{}/{path}", self.url)).json(&body);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// How many customers, sessions or subscriptions there are.
    pub async fn count(&self, kind: &str) -> u64 {
        let counts: Value = reqwest::get(format!("{}/_count", self.url)).await.unwrap().json().await.unwrap();
        counts[kind].as_u64().unwrap()
    }

    /// Presses a button of its checkout or portal. Returns the path that it leads to.
    pub async fn press(&self, page: &str, button: &str) -> String {
        assert!(page.starts_with(&self.url), "{page}");
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let response = client.post(page).form(&[("do", button)]).send().await.unwrap();
        let location = response.headers()["location"].to_str().unwrap();
        format!("/{}", location.splitn(4, '/').nth(3).unwrap())
    }
}

/// Settings of a node that uses the Stripe at `url`.
fn settings(url: &str) -> Settings {
    let prices = ["PRO_MONTHLY", "PRO_YEARLY", "BUSINESS_MONTHLY", "BUSINESS_YEARLY"];
    let mut providers = vec![
        ("GG_STRIPE_SECRET_KEY", "sk_test_key".into()),
        ("GG_STRIPE_WEBHOOK_SECRETS", format!("{SECRET}, {OLD_SECRET}")),
        ("GG_STRIPE_URL", format!("{}/", url)),
    ];
    for price in prices {
        let name: &'static str = format!("GG_STRIPE_PRICE_{price}").leak();
        providers.push((name, format!("price_{}", price.to_lowercase())));
    }
    Settings { providers, ..Settings::default() }
}

/// The PyPI package `localstripe`: an independent fake of customers, plans, subscriptions and signed webhooks.
pub struct LocalStripe {
    url: String,
    _process: Child,
}

impl LocalStripe {
    /// An empty account with one plan.
    pub async fn start() -> Self {
        let address = free_address().await;
        let port = address.split_once(':').unwrap().1;
        let mut command = Command::new(python().with_file_name("localstripe"));
        command.args(["--from-scratch", "--port", port]).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let stripe = Self { url: format!("http://{address}"), _process: command.spawn().unwrap() };
        eventually(async || reqwest::get(format!("{}/v1/balance", stripe.url)).await.is_ok()).await;
        let plan = [("id", "price_pro_monthly"), ("amount", "900"), ("currency", "eur"), ("interval", "month")];
        stripe.post("plans", &[&plan[..], &[("product[name]", "Pro")]].concat()).await;
        stripe
    }

    /// Settings of a node that uses it.
    pub fn settings(&self) -> Settings {
        settings(&self.url)
    }

    /// Sends webhooks to `app` from now on.
    pub async fn send_webhooks_to(&self, app: &App) {
        let webhook = json!({ "url": format!("http://{}/webhooks/stripe", app.address), "secret": SECRET });
        let request = Client::new().post(format!("{}/_config/webhooks/ours", self.url)).json(&webhook);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// Posts to its API.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = Client::new().post(format!("{}/v1/{path}", self.url)).bearer_auth("sk_test_key").form(form);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// Reads an object.
    pub async fn get(&self, path: &str) -> Value {
        let request = Client::new().get(format!("{}/v1/{path}", self.url)).bearer_auth("sk_test_key");
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Deletes an object.
    pub async fn delete(&self, path: &str) {
        let request = Client::new().delete(format!("{}/v1/{path}", self.url)).bearer_auth("sk_test_key");
        request.send().await.unwrap().error_for_status().unwrap();
    }
}
