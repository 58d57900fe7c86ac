use std::{num::NonZeroU32, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::prelude::*;
use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock};

use crate::{error::Result, problem::Problem, redis::Redis, secrets::Secrets};

/// What is limited. Every limit counts calls in a sliding window, for one address, account or link at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Accounts opened from one network address.
    SignUp,
    /// Sign-ins tried from one network address.
    SignIn,
    /// Sign-ins tried with one e-mail address, right or wrong.
    SignInAddress,
    /// Mails about an account asked for from one network address: reset, verification, change of address.
    AccountMail,
    /// The same for one e-mail address.
    AccountMailAddress,
    /// Links in account mails used from one network address.
    AccountLink,
    /// Invitations opened from one network address. Families and offices share one.
    Open,
    /// One invitation opened.
    OpenLink,
    /// Answers from one network address.
    Answer,
    /// Answers of one invitation.
    AnswerLink,
    /// Changes of events by one account.
    Events,
    /// Changes of guests by one account.
    Guests,
    /// Invitations issued, resent or replaced by one account.
    Invitations,
    /// Lists pasted or imported by one account.
    Imports,
    /// Guest lists taken along by one account.
    Exports,
    /// Tickets for the live socket by one account.
    Tickets,
    /// Changes of password, address and sessions by one account.
    Account,
    /// Ways to Stripe and back by one account.
    Billing,
}

/// So many calls in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub calls: u32,
    pub seconds: u32,
}

impl Limit {
    /// All limits.
    pub const ALL: [Self; 18] = [
        Self::SignUp,
        Self::SignIn,
        Self::SignInAddress,
        Self::AccountMail,
        Self::AccountMailAddress,
        Self::AccountLink,
        Self::Open,
        Self::OpenLink,
        Self::Answer,
        Self::AnswerLink,
        Self::Events,
        Self::Guests,
        Self::Invitations,
        Self::Imports,
        Self::Exports,
        Self::Tickets,
        Self::Account,
        Self::Billing,
    ];

    /// The rate that holds unless the operator sets another.
    pub fn default_rate(self) -> Rate {
        let (calls, seconds) = match self {
            Self::SignUp => (5, 3600),
            Self::SignIn => (20, 600),
            Self::SignInAddress => (10, 600),
            Self::AccountMail => (10, 3600),
            Self::AccountMailAddress => (3, 3600),
            Self::AccountLink => (30, 600),
            Self::Open => (300, 60),
            Self::OpenLink => (60, 60),
            Self::Answer => (120, 60),
            Self::AnswerLink => (20, 60),
            Self::Events => (60, 3600),
            Self::Guests => (600, 3600),
            Self::Invitations => (300, 3600),
            Self::Imports => (60, 3600),
            Self::Exports => (60, 3600),
            Self::Tickets => (60, 60),
            Self::Account => (30, 3600),
            Self::Billing => (60, 3600),
        };
        Rate { calls, seconds }
    }

    /// The setting that changes it, such as `GG_LIMIT_SIGN_UP=5/3600`.
    pub fn variable(self) -> &'static str {
        match self {
            Self::SignUp => "GG_LIMIT_SIGN_UP",
            Self::SignIn => "GG_LIMIT_SIGN_IN",
            Self::SignInAddress => "GG_LIMIT_SIGN_IN_ADDRESS",
            Self::AccountMail => "GG_LIMIT_ACCOUNT_MAIL",
            Self::AccountMailAddress => "GG_LIMIT_ACCOUNT_MAIL_ADDRESS",
            Self::AccountLink => "GG_LIMIT_ACCOUNT_LINK",
            Self::Open => "GG_LIMIT_OPEN",
            Self::OpenLink => "GG_LIMIT_OPEN_LINK",
            Self::Answer => "GG_LIMIT_ANSWER",
            Self::AnswerLink => "GG_LIMIT_ANSWER_LINK",
            Self::Events => "GG_LIMIT_EVENTS",
            Self::Guests => "GG_LIMIT_GUESTS",
            Self::Invitations => "GG_LIMIT_INVITATIONS",
            Self::Imports => "GG_LIMIT_IMPORTS",
            Self::Exports => "GG_LIMIT_EXPORTS",
            Self::Tickets => "GG_LIMIT_TICKETS",
            Self::Account => "GG_LIMIT_ACCOUNT",
            Self::Billing => "GG_LIMIT_BILLING",
        }
    }

    /// What guests do goes on while Redis is away, counted by this node alone. Whatever guards an account does not.
    fn goes_on_without_redis(self) -> bool {
        matches!(self, Self::Open | Self::OpenLink | Self::Answer | Self::AnswerLink)
    }

    fn position(self) -> usize {
        self as usize
    }
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
pub struct Limits {
    redis: Redis,
    secrets: Secrets,
    rates: [Rate; Limit::ALL.len()],
    /// For the limits that go on without Redis.
    alone: Arc<[DefaultKeyedRateLimiter<String>; Limit::ALL.len()]>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").field("rates", &self.rates).finish_non_exhaustive()
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

/// Callers remembered without Redis before those who may call again anyway are forgotten.
const MOST_KEPT: usize = 10_000;

impl Limits {
    /// Counts through `redis`. `rate` says how much each limit allows.
    pub fn new(redis: Redis, secrets: Secrets, rate: impl Fn(Limit) -> Rate) -> Self {
        let rates = Limit::ALL.map(rate);
        let alone = rates.map(|rate| DefaultKeyedRateLimiter::keyed(rate.quota()));
        Self { redis, secrets, rates, alone: Arc::new(alone) }
    }

    /// Counts one call by `who`.
    ///
    /// # Errors
    /// `TooManyRequests` with the seconds until a call passes; `Unavailable` while Redis is away, for what guards an
    /// account.
    pub async fn count(&self, limit: Limit, who: &str) -> Result<()> {
        let rate = self.rates[limit.position()];
        let key = self.key(limit, who)?;
        let arguments =
            [rate.window().as_micros().to_string(), rate.calls.to_string(), crate::secrets::random_token()?];
        let keys = vec![key.clone()];
        let count = self.redis.ask(async |redis| redis.eval::<i64, _, _, _>(WINDOW, keys, arguments.to_vec()).await);
        match count.await {
            Ok(microseconds) => passed(Duration::from_micros(microseconds.unsigned_abs())),
            Err(away) if limit.goes_on_without_redis() => {
                tracing::debug!(%away, "counted by this node alone");
                passed(self.count_alone(limit, &key))
            }
            Err(away) => Err(away.into()),
        }
    }

    fn count_alone(&self, limit: Limit, key: &String) -> Duration {
        let limiter = &self.alone[limit.position()];
        if limiter.len() > MOST_KEPT {
            limiter.retain_recent();
        }
        match limiter.check_key(key) {
            Ok(()) => Duration::ZERO,
            Err(refused) => refused.wait_time_from(governor::clock::DefaultClock::default().now()),
        }
    }

    /// Addresses and accounts never stand in Redis, only their keyed hash.
    fn key(&self, limit: Limit, who: &str) -> Result<String> {
        let hash = self.secrets.keyed_hash(format!("{} {who}", limit.variable()).as_bytes())?;
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

    async fn limits(rate: Rate) -> Limits {
        Limits::new(crate::testing::redis().await, Secrets::from_key(&random_token().unwrap()).unwrap(), move |_| rate)
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
            let (before, counted) = (begun.elapsed(), limits.count(Limit::Open, "ada").await);
            match counted {
                Ok(()) => passes.push((before, begun.elapsed())),
                Err(Error::Problem(Problem::TooManyRequests { retry_after })) => {
                    refusals += 1;
                    let recent = passes.iter().filter(|(_, after)| *after + rate.window() > before).count();
                    assert!(recent >= 4, "refused although the window has room");
                    tokio::time::sleep(Duration::from_secs(retry_after.into())).await;
                    let before = begun.elapsed();
                    limits.count(Limit::Open, "ada").await.expect("passes after exactly the wait it was told");
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
            tokio::spawn(async move { limits.count(Limit::Answer, "ada").await.is_ok() })
        });
        let mut passed = 0;
        for call in calls.collect::<Vec<_>>() {
            passed += usize::from(call.await.unwrap());
        }
        assert_eq!(passed, 7);
        assert!(limits.count(Limit::Answer, "grace").await.is_ok(), "others are not concerned");
        assert!(limits.count(Limit::Open, "ada").await.is_ok(), "nor other limits");
    }

    #[test]
    fn rates_are_read_as_calls_per_seconds() {
        assert_eq!(Rate::parse("5/3600"), Some(Rate { calls: 5, seconds: 3600 }));
        for bad in ["", "5", "0/60", "5/0", "5/86401", "-1/60", "many/60"] {
            assert_eq!(Rate::parse(bad), None, "{bad:?}");
        }
        let named: std::collections::HashSet<_> = Limit::ALL.into_iter().map(Limit::variable).collect();
        assert_eq!(named.len(), Limit::ALL.len());
    }
}
