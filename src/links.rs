//! Links: addresses of our own pages, for use in messages.

use url::Url;

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

    /// Where messages like the one that carries it are stopped.
    pub fn unsubscribe(&self, token: &str) -> String {
        self.to(&format!("/u/{token}"))
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

    /// The address of `path`, which begins with a slash.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}
