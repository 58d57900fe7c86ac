//! Redis: tickets of the live socket, and replaced cookies.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::prelude::*;

use super::super::App;

impl App {
    /// How long a ticket for the live socket is still valid.
    pub async fn ticket_life(&self, ticket: &str) -> Duration {
        let left: i64 = self.redis().await.pttl(ticket_key(ticket)).await.unwrap();
        Duration::from_millis(left.try_into().expect("a ticket that exists and expires"))
    }

    pub async fn expire_ticket(&self, ticket: &str) {
        let _: i64 = self.redis().await.pexpire(ticket_key(ticket), 0, None).await.unwrap();
    }

    /// Makes the time at which a cookie was replaced so many seconds earlier.
    pub async fn age_replaced_cookie(&self, cookie: &str, seconds: i64) {
        let id = cookie.split('=').nth(1).unwrap();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&guestguard::secrets::token_hash(id)[..16]);
        let key = format!("gg:replaced-session:{hash}");
        let redis = self.redis().await;
        let left: i64 = redis.ttl(key.as_str()).await.unwrap();
        let aged: i64 = redis.expire(key, left - seconds, None).await.unwrap();
        assert_eq!(aged, 1, "the cookie was replaced");
    }
}

/// The key of a ticket in Redis.
fn ticket_key(ticket: &str) -> String {
    format!("gg:ticket:{}", BASE64_URL_SAFE_NO_PAD.encode(guestguard::secrets::token_hash(ticket)))
}
