use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use url::Url;

use crate::{
    auth::Purpose,
    backup::{Backups, Operators},
    billing::Billing,
    invitations::openings::Openings,
    limits::Limits,
    live::Live,
    maintenance::Maintenance,
    notifications::{
        postman::Breakers,
        senders::{Reference, Senders},
    },
    redis::Redis,
    secrets::Secrets,
};

/// What every verb needs. Cheap to clone: all parts are handles.
#[derive(Clone, Debug)]
pub struct Backend {
    pub db: PgPool,
    pub redis: Redis,
    pub clock: Clock,
    pub secrets: Secrets,
    pub live: Live,
    pub openings: Openings,
    pub limits: Limits,
    pub senders: Senders,
    pub breakers: Breakers,
    pub links: Links,
    pub billing: Billing,
    /// `None`: nothing says where backups go.
    pub backups: Option<Backups>,
    pub operators: Operators,
    pub maintenance: Maintenance,
}

/// Where the time comes from, so that tests can move it.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands until it is set.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(now)))
    }

    /// The time now, in whole microseconds as PostgreSQL keeps it, so that a stored time compares equal.
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            Self::System => Utc::now(),
            Self::Fixed(time) => *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Moves a fixed clock to `now`; the machine's clock is not moved.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Self::Fixed(time) = self {
            *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
        }
    }
}

/// Addresses of our own pages, for use in messages.
#[derive(Clone, Debug)]
pub struct Links {
    public_url: Url,
}

impl Links {
    /// Links under `public_url`, which has no path.
    pub fn new(public_url: Url) -> Self {
        Self { public_url }
    }

    /// The page of one invitation.
    pub fn invitation(&self, token: &str) -> String {
        self.to(&format!("/i/{token}"))
    }

    /// The page of a link in an account mail.
    pub fn account_link(&self, purpose: Purpose, token: &str) -> String {
        let page = match purpose {
            Purpose::Verify => "verify",
            Purpose::Reset => "reset",
            Purpose::LeaveAddress | Purpose::TakeAddress => "new-address",
        };
        self.to(&format!("/{page}/{token}"))
    }

    /// Where messages like the one that carries it are stopped.
    pub fn unsubscribe(&self, token: &str) -> String {
        self.to(&format!("/u/{token}"))
    }

    /// Where Twilio tells what became of a text message.
    pub fn twilio_callback(&self, reference: Reference) -> String {
        self.to(&format!("/webhooks/twilio?reference={reference}"))
    }

    /// Where a forgotten password is reset.
    pub fn forgot(&self) -> String {
        self.to("/forgot")
    }

    /// The host's page of one event.
    pub fn event(&self, id: crate::ids::EventId) -> String {
        self.to(&format!("/dashboard/events/{id}"))
    }

    /// The host's events.
    pub fn dashboard(&self) -> String {
        self.to("/dashboard")
    }

    /// The host's own page.
    pub fn account(&self) -> String {
        self.to("/dashboard/account")
    }

    /// The host's page of their plan.
    pub fn billing(&self) -> String {
        self.to("/dashboard/billing")
    }

    /// The site's start page.
    pub fn home(&self) -> String {
        self.to("/")
    }

    /// The host name, for Message-IDs and calendar identifiers.
    pub fn domain(&self) -> &str {
        self.public_url.host_str().unwrap_or("localhost")
    }

    fn to(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}
