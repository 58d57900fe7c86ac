//! Rate limits: a sliding window per network, address, account or link, counted in Redis for all nodes.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::prelude::*;
use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};

use crate::{error::Result, problem::Problem, redis::Redis, secrets::Secrets};

macro_rules! limits {
    ($($(#[$doc:meta])* $limit:ident: $setting:literal, $calls:literal per $seconds:literal, $without_redis:ident;)*) => {
        /// What is limited. Every limit counts calls in a sliding window, per network, email address, account or link.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Limit { $($(#[$doc])* $limit),* }

        impl Limit {
            pub const ALL: [Self; [$($setting),*].len()] = [$(Self::$limit),*];

            /// The rate unless the operator sets another.
            pub fn default_rate(self) -> Rate {
                match self { $(Self::$limit => Rate { calls: $calls, seconds: $seconds }),* }
            }

            /// The setting that changes it, such as `GG_LIMIT_SIGN_UP=5/3600`.
            pub fn setting(self) -> &'static str {
                match self { $(Self::$limit => $setting),* }
            }

            /// Whether calls pass while Redis is unavailable, counted by this node alone. What guards an account does not.
            fn is_open_without_redis(self) -> bool {
                match self { $(Self::$limit => $without_redis),* }
            }
        }
    };
}

limits! {
    /// Sign-ups from one network.
    SignUp: "GG_LIMIT_SIGN_UP", 5 per 3600, false;
    /// Sign-in attempts from one network.
    SignIn: "GG_LIMIT_SIGN_IN", 20 per 600, false;
    /// Sign-in attempts with one email address, right or wrong.
    SignInAddress: "GG_LIMIT_SIGN_IN_ADDRESS", 10 per 600, false;
    /// Account emails requested from one network: reset, verification, change of address.
    AccountEmail: "GG_LIMIT_ACCOUNT_EMAIL", 10 per 3600, false;
    /// Account emails requested for one email address.
    AccountEmailAddress: "GG_LIMIT_ACCOUNT_EMAIL_ADDRESS", 3 per 3600, false;
    /// Links of account emails used from one network.
    AccountLink: "GG_LIMIT_ACCOUNT_LINK", 30 per 600, false;
    /// Invitations opened from one network. Families and offices share one.
    Open: "GG_LIMIT_OPEN", 300 per 60, true;
    /// One invitation opened.
    OpenLink: "GG_LIMIT_OPEN_LINK", 60 per 60, true;
    /// Replies from one network.
    Reply: "GG_LIMIT_REPLY", 120 per 60, true;
    /// Replies of one invitation.
    ReplyLink: "GG_LIMIT_REPLY_LINK", 20 per 60, true;
    /// Changes of events by one account.
    Events: "GG_LIMIT_EVENTS", 60 per 3600, false;
    /// Changes of guests by one account.
    Guests: "GG_LIMIT_GUESTS", 600 per 3600, false;
    /// Invitations issued, resent or replaced by one account.
    Invitations: "GG_LIMIT_INVITATIONS", 300 per 3600, false;
    /// Lists pasted or imported by one account.
    Imports: "GG_LIMIT_IMPORTS", 60 per 3600, false;
    /// Guest lists exported by one account.
    Exports: "GG_LIMIT_EXPORTS", 60 per 3600, false;
    /// Tickets for the live socket by one account.
    Tickets: "GG_LIMIT_TICKETS", 60 per 60, false;
    /// Changes of password, address and sessions by one account.
    Account: "GG_LIMIT_ACCOUNT", 30 per 3600, false;
    /// Visits to Stripe by one account.
    Billing: "GG_LIMIT_BILLING", 60 per 3600, false;
}

/// This many calls in this many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub calls: u32,
    pub seconds: u32,
}

impl Rate {
    /// Reads `calls/seconds`.
    pub fn parse(text: &str) -> Option<Self> {
        let (calls, seconds) = text.split_once('/')?;
        let rate = Self { calls: calls.trim().parse().ok()?, seconds: seconds.trim().parse().ok()? };
        (rate.calls > 0 && (1..=86_400).contains(&rate.seconds)).then_some(rate)
    }
}

/// Counts calls, for all nodes together in Redis.
#[derive(Clone)]
pub struct RateLimits {
    redis: Redis,
    secrets: Secrets,
    rates: [Rate; Limit::ALL.len()],
    /// Counts while Redis is unavailable.
    local: Arc<[DefaultKeyedRateLimiter<String>; Limit::ALL.len()]>,
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimits").field("rates", &self.rates).finish_non_exhaustive()
    }
}

/// One sliding window: a sorted set of the calls that passed, by Redis's own time in microseconds. Refused calls are
/// not counted. Returns the microseconds until a call would pass, 0 for one that did.
const WINDOW: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
    return 0
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return oldest[2] + window - now
";

/// Callers counted locally before those with a full quota are dropped.
const MAX_LOCAL_CALLERS: usize = 10_000;

impl RateLimits {
    /// Counts through `redis`. `rate` says how much each limit allows.
    pub fn new(redis: Redis, secrets: Secrets, rate: impl Fn(Limit) -> Rate) -> Self {
        let rates = Limit::ALL.map(rate);
        let local = rates.map(|rate| DefaultKeyedRateLimiter::keyed(rate.quota()));
        Self { redis, secrets, rates, local: Arc::new(local) }
    }

    /// Counts one call by `who`.
    ///
    /// # Errors
    /// `TooManyRequests` with the seconds until a call passes; `Unavailable` while Redis is away, for what guards an
    /// account.
    pub async fn check(&self, limit: Limit, who: &str) -> Result<()> {
        let rate = self.rates[limit as usize];
        let key = self.key(limit, who)?;
        let arguments =
            [rate.window().as_micros().to_string(), rate.calls.to_string(), crate::secrets::random_token()?];
        let keys = vec![key.clone()];
        let counted = self.redis.ask(async |redis| redis.eval::<i64, _, _, _>(WINDOW, keys, arguments.to_vec()).await);
        match counted.await {
            Ok(microseconds) => passed(Duration::from_micros(microseconds.unsigned_abs())),
            Err(away) if limit.is_open_without_redis() => {
                tracing::debug!(%away, "Redis is unavailable: counted by this node alone");
                passed(self.check_on_this_node(limit, &key))
            }
            Err(away) => Err(away.into()),
        }
    }

    fn check_on_this_node(&self, limit: Limit, key: &String) -> Duration {
        let limiter = &self.local[limit as usize];
        if limiter.len() > MAX_LOCAL_CALLERS {
            limiter.retain_recent();
        }
        match limiter.check_key(key) {
            Ok(()) => Duration::ZERO,
            Err(refused) => refused.wait_time_from(governor::clock::DefaultClock::default().now()),
        }
    }

    /// Redis holds a keyed hash, never an address or account.
    fn key(&self, limit: Limit, who: &str) -> Result<String> {
        let hash = self.secrets.keyed_hash(format!("{} {who}", limit.setting()).as_bytes())?;
        Ok(format!("gg:limit:{}", BASE64_URL_SAFE_NO_PAD.encode(&hash[..16])))
    }
}

impl Rate {
    fn window(self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    fn quota(self) -> Quota {
        let calls = NonZeroU32::new(self.calls).unwrap_or(NonZeroU32::MIN);
        Quota::with_period(self.window() / calls.get()).unwrap_or(Quota::per_second(calls)).allow_burst(calls)
    }
}

fn passed(wait: Duration) -> Result<()> {
    match wait.is_zero() {
        true => Ok(()),
        false => Err(Problem::TooManyRequests { retry_after: whole_seconds(wait) }.into()),
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{error::Error, secrets::random_token};

    async fn limits(rate: Rate) -> RateLimits {
        RateLimits::new(
            crate::testing::redis().await,
            Secrets::from_key(&random_token().unwrap()).unwrap(),
            move |_| rate,
        )
    }

    /// Calls at random times: in no window do more pass than the limit allows, and a call made after exactly the wait
    /// that a refusal names passes.
    #[tokio::test]
    async fn a_window_never_lets_more_pass_than_its_limit() {
        let rate = Rate { calls: 4, seconds: 1 };
        let limits = limits(rate).await;
        let begun = Instant::now();
        // Redis counts a call at some moment between the two times that are noted here.
        let mut passes: Vec<(Duration, Duration)> = Vec::new();
        let mut refusals = 0;
        while begun.elapsed() < Duration::from_secs(6) {
            let [pause] = *random_token().unwrap().as_bytes().first_chunk().unwrap();
            tokio::time::sleep(Duration::from_millis(u64::from(pause) * 2)).await;
            let (before, counted) = (begun.elapsed(), limits.check(Limit::Open, "ada").await);
            match counted {
                Ok(()) => passes.push((before, begun.elapsed())),
                Err(Error::Problem(Problem::TooManyRequests { retry_after })) => {
                    refusals += 1;
                    let recent = passes.iter().filter(|(_, after)| *after + rate.window() > before).count();
                    assert!(recent >= 4, "refused although the window has room");
                    tokio::time::sleep(Duration::from_secs(retry_after.into())).await;
                    let before = begun.elapsed();
                    limits.check(Limit::Open, "ada").await.expect("passes after exactly the wait it was told");
                    passes.push((before, begun.elapsed()));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(refusals > 0, "the limit was never reached");
        for window in passes.windows(5) {
            let ((first, _), (_, fifth)) = (window[0], window[4]);
            assert!(fifth >= first + rate.window(), "five in one window: {window:?}");
        }
    }

    #[tokio::test]
    async fn of_fifty_calls_at_once_as_many_pass_as_the_limit_allows() {
        let limits = limits(Rate { calls: 7, seconds: 60 }).await;
        let calls = (0..50).map(|_| {
            let limits = limits.clone();
            tokio::spawn(async move { limits.check(Limit::Reply, "ada").await.is_ok() })
        });
        let mut passed = 0;
        for call in calls.collect::<Vec<_>>() {
            passed += usize::from(call.await.unwrap());
        }
        assert_eq!(passed, 7);
        assert!(limits.check(Limit::Reply, "grace").await.is_ok(), "others are not concerned");
        assert!(limits.check(Limit::Open, "ada").await.is_ok(), "nor other limits");
    }

    #[test]
    fn rates_are_read_as_calls_per_seconds() {
        assert_eq!(Rate::parse("5/3600"), Some(Rate { calls: 5, seconds: 3600 }));
        for bad in ["", "5", "0/60", "5/0", "5/86401", "-1/60", "many/60"] {
            assert_eq!(Rate::parse(bad), None, "{bad:?}");
        }
        let named: std::collections::HashSet<_> = Limit::ALL.into_iter().map(Limit::setting).collect();
        assert_eq!(named.len(), Limit::ALL.len());
    }
}
