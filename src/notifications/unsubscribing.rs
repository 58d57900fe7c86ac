use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::suppressions::{address_hash, normal};
use crate::{backend::Backend, error::Result, ids::UserId, problem::Problem, secrets::Secrets};

/// Tells these sealed texts from all others.
const PURPOSE: Uuid = Uuid::from_u128(8058);

/// One host's messages to one address. Comes from the link in such a message only: whoever has read it may stop them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub(super) host: UserId,
    pub(super) address: String,
}

impl Subscription {
    /// The host's messages to `address`.
    pub(crate) fn new(host: UserId, address: &str) -> Self {
        Self { host, address: normal(address) }
    }

    /// What stands for it in a link. It says itself what it is about and never ends: it works after the guest, the event
    /// and the message are forgotten.
    pub(crate) fn token(&self, secrets: &Secrets) -> anyhow::Result<String> {
        let sealed = secrets.seal_equally(&format!("{} {}", self.host, self.address), PURPOSE)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What a link's token stands for.
    pub fn of_token(secrets: &Secrets, token: &str) -> Option<Self> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let text = secrets.open(&sealed, PURPOSE).ok()?;
        let (host, address) = text.split_once(' ')?;
        Some(Self { host: host.parse().ok()?, address: address.to_owned() })
    }

    /// The address, as the person who holds the link may see it.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// What the page behind such a link shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub address: String,
    /// Empty: the account is gone.
    pub host_name: String,
    /// Messages of this host are stopped.
    pub from_host: bool,
    /// Messages of all hosts are stopped.
    pub from_everybody: bool,
}

/// How things stand with a subscription.
///
/// # Errors
/// `NotFound` for a token that we never wrote.
pub async fn standing(backend: &Backend, token: &str) -> Result<(Subscription, Standing)> {
    let subscription = Subscription::of_token(&backend.secrets, token).ok_or(Problem::NotFound)?;
    let found = sqlx::query!(
        r#"
        select coalesce((select name from users where id = $2 and deleted_at is null), '') as "host_name!",
            exists (select from suppressions where (address = $1 or address_hash = $3) and host_id = $2
                and reason in ('unsubscribed', 'erased')) as "from_host!",
            exists (select from suppressions where (address = $1 or address_hash = $3) and host_id is null
                and reason in ('unsubscribed', 'erased')) as "from_everybody!"
        "#,
        subscription.address,
        subscription.host.0,
        address_hash(&backend.secrets, &subscription.address)?,
    )
    .fetch_one(&backend.db)
    .await?;
    let standing = Standing {
        address: subscription.address.clone(),
        host_name: found.host_name,
        from_host: found.from_host,
        from_everybody: found.from_everybody,
    };
    Ok((subscription, standing))
}
