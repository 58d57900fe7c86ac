//! Unsubscribe links: one host's messages to one address, stopped or resumed by the person who holds the link.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{Reason, Scope, address_hash, normalise_address, suppress};
use crate::{
    backend::Backend, error::Result, guests::status::GuestTx, ids::UserId, problem::Problem, secrets::Secrets,
};

/// Associated data of these sealed tokens, so that no other sealed text passes for one.
const PURPOSE: Uuid = Uuid::from_u128(8058);

/// One host's messages to one address. It comes only from the link in such a message, whose reader may stop them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageSubscription {
    host: UserId,
    address: String,
}

impl MessageSubscription {
    pub(crate) fn new(host: UserId, address: &str) -> Self {
        Self { host, address: normalise_address(address) }
    }

    /// The token of its link. It holds host and address itself and never expires: it works after the guest, the event and
    /// the message are gone.
    pub(crate) fn token(&self, secrets: &Secrets) -> anyhow::Result<String> {
        let sealed = secrets.seal_deterministic(&format!("{} {}", self.host, self.address), PURPOSE)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    pub fn from_token(secrets: &Secrets, token: &str) -> Option<Self> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let text = secrets.open(&sealed, PURPOSE).ok()?;
        let (host, address) = text.split_once(' ')?;
        Some(Self { host: host.parse().ok()?, address: address.to_owned() })
    }

    pub fn address(&self) -> &str {
        &self.address
    }
}

/// What the unsubscribe page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    pub address: String,
    /// Empty: the account is deleted.
    pub host_name: String,
    /// Unsubscribed from this host.
    pub from_host: bool,
    /// Unsubscribed from all hosts.
    pub from_everybody: bool,
}

/// Whether the holder of `token` is unsubscribed.
///
/// # Errors
/// `NotFound` for a token that is not ours.
pub async fn state(backend: &Backend, token: &str) -> Result<SubscriptionState> {
    let subscription = MessageSubscription::from_token(&backend.secrets, token).ok_or(Problem::NotFound)?;
    let row = sqlx::query!(
        r#"
        select coalesce((select name from users where id = $2 and deleted_at is null), '') as "host_name!",
            exists (select from suppressions_of($2, $1, $3) where host_id is not null
                and reason in ('unsubscribed', 'erased')) as "from_host!",
            exists (select from suppressions_of($2, $1, $3) where host_id is null
                and reason in ('unsubscribed', 'erased')) as "from_everybody!"
        "#,
        subscription.address,
        subscription.host.0,
        address_hash(&backend.secrets, &subscription.address)?,
    )
    .fetch_one(&backend.db)
    .await?;
    Ok(SubscriptionState {
        address: subscription.address,
        host_name: row.host_name,
        from_host: row.from_host,
        from_everybody: row.from_everybody,
    })
}

/// Stops one host's messages to the address, or all hosts'. Takes effect at once.
pub async fn unsubscribe(backend: &Backend, subscription: &MessageSubscription, everybody: bool) -> Result<()> {
    let scope = if everybody { Scope::Everybody } else { Scope::Host(subscription.host) };
    let now = backend.clock.now();
    let mut tx = GuestTx::begin(&backend.db).await?;
    suppress(&mut tx, &backend.secrets, now, &subscription.address, scope, Reason::Unsubscribed).await?;
    tx.commit().await?;
    Ok(())
}

/// Undoes an unsubscription, from this host and from all hosts.
pub async fn resubscribe(backend: &Backend, subscription: &MessageSubscription) -> Result<()> {
    sqlx::query!(
        "delete from suppressions
        where (address = $1 or address_hash = $2) and reason in ('unsubscribed', 'erased')
            and (host_id = $3 or host_id is null)",
        subscription.address,
        address_hash(&backend.secrets, &subscription.address)?,
        subscription.host.0,
    )
    .execute(&backend.db)
    .await?;
    Ok(())
}
