//! Provider events, and billing.

use super::{super::App, number};

impl App {
    pub async fn webhook_events(&self) -> i64 {
        self.number("select count(*) from webhook_events").await
    }

    pub async fn webhook_events_of(&self, provider: &str) -> i64 {
        number(&self.backend.db, "select count(*) from webhook_events where provider = $1", Some(provider)).await
    }

    /// Stored webhooks whose body has `text` in it.
    pub async fn webhook_events_with(&self, text: &str) -> i64 {
        let sql = "select count(*) from webhook_events where position($1 in body::text) > 0";
        number(&self.backend.db, sql, Some(text)).await
    }

    /// Stripe's id of the only customer.
    pub async fn billing_customer(&self) -> String {
        let query = sqlx::query_scalar("select stripe_id from billing_customers");
        query.fetch_one(&self.backend.db).await.unwrap()
    }

    /// Links the only account to a customer at Stripe.
    pub async fn link_billing_customer(&self, stripe_id: &str) {
        let query = sqlx::query("insert into billing_customers select id, $1, now() from users").bind(stripe_id);
        query.execute(&self.backend.db).await.unwrap();
    }

    /// Subscriptions that grant a tier.
    pub async fn active_subscriptions(&self) -> i64 {
        self.number("select count(*) from subscriptions where grants_tier").await
    }

    /// Stripe's id of the only subscription that grants a tier.
    pub async fn active_subscription(&self) -> String {
        let query = sqlx::query_scalar("select stripe_id from subscriptions where grants_tier");
        query.fetch_one(&self.backend.db).await.unwrap()
    }

    pub async fn subscriptions_that_end(&self) -> i64 {
        self.number("select count(*) from subscriptions where cancel_at_period_end").await
    }

    /// Gives the only account a cancelled subscription.
    pub async fn add_cancelled_subscription(&self, stripe_id: &str, item_id: &str) {
        let sql = "insert into subscriptions
            select id, $1, $2, 'pro', 'monthly', 'canceled', null, false, null, false, now(), 1, 'evt' from users";
        sqlx::query(sql).bind(stripe_id).bind(item_id).execute(&self.backend.db).await.unwrap();
    }
}
