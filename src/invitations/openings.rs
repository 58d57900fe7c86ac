use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Device, Guest};
use crate::{
    backend::Backend,
    error::Result,
    guests,
    ids::{GuestId, UserId},
};

/// How long an opening waits for others to be written down together with it.
const GATHERING: Duration = Duration::from_millis(200);
/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(2);
/// Openings that are kept while they cannot be written down, and for how long; others are not noted.
const MOST_WAITING: usize = 20_000;
const WAITING: TimeDelta = TimeDelta::minutes(10);

/// One opening of a guest's link.
#[derive(Clone, Debug)]
pub struct Opening {
    guest: Guest,
    at: DateTime<Utc>,
    device: Device,
    /// Keyed hash of the network prefix.
    network: Option<Vec<u8>>,
}

impl Opening {
    /// The link was opened just now, from a network whose prefix is kept only as a keyed hash.
    pub fn now(backend: &Backend, guest: &Guest, device: Device, network: Option<&[u8]>) -> Result<Self> {
        let network = network.map(|prefix| backend.secrets.keyed_hash(prefix)).transpose()?;
        Ok(Self { guest: guest.clone(), at: backend.clock.now(), device, network })
    }
}

/// Openings that wait to be written down. A guest does not wait for it, and many openings cost little more than one. What a
/// node has gathered when it dies is lost; a stop writes it down first.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    waiting: Arc<Mutex<Vec<Opening>>>,
    /// Held by who writes, so that whoever settles last knows that everything is written.
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Openings {
    /// Keeps `opening` to be written down a moment later.
    pub fn note(&self, backend: &Backend, opening: Opening) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MOST_WAITING {
            tracing::warn!("an opening was not noted, as {MOST_WAITING} wait already");
            return;
        }
        waiting.push(opening);
        if waiting.len() == 1 {
            let backend = backend.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GATHERING).await;
                while backend.maintenance.is_on() || backend.openings.settle(&backend).await.is_err() {
                    tokio::time::sleep(AGAIN).await;
                }
            });
        }
    }

    /// Writes down what waits now.
    ///
    /// # Errors
    /// The database is away; what could not be written waits as before.
    pub async fn settle(&self, backend: &Backend) -> Result<()> {
        let _writing = self.writing.lock().await;
        let taken = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut of_hosts: BTreeMap<UserId, Vec<Opening>> = BTreeMap::new();
        for opening in taken {
            of_hosts.entry(opening.guest.host).or_default().push(opening);
        }
        let mut failed = Ok(());
        for (host, openings) in of_hosts {
            if let Err(cause) = record(backend, host, &openings).await {
                tracing::warn!(openings = openings.len(), "openings could not be noted yet");
                let young = openings.into_iter().filter(|opening| backend.clock.now() - opening.at < WAITING);
                self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(young);
                failed = Err(cause);
            }
        }
        failed
    }
}

/// Writes down openings of links to `host`'s events, in one transaction. Programs that follow links do not count as the guest.
/// After a crash of the database the last ones may be gone: nothing is acknowledged to anybody, and this way it need not wait
/// for the disk.
async fn record(backend: &Backend, host: UserId, openings: &[Opening]) -> Result<()> {
    let guests: Vec<GuestId> = openings.iter().map(|opening| opening.guest.id).collect();
    let links: Vec<Uuid> = openings.iter().map(|opening| opening.guest.invitation.0).collect();
    let ids: Vec<Uuid> = openings.iter().map(|_| Uuid::now_v7()).collect();
    let times: Vec<_> = openings.iter().map(|opening| opening.at).collect();
    let devices: Vec<_> = openings.iter().map(|opening| opening.device.key().to_owned()).collect();
    let networks: Vec<_> = openings.iter().map(|opening| opening.network.clone()).collect();
    let mut tx = backend.db.begin().await?;
    guests::standing::hold(&mut tx, host, &guests).await?;
    sqlx::query!(
        "with hasty as (
            select set_config('synchronous_commit', 'off', true)
        ), access as (
            insert into accesses (host_id, event_id, guest_id, invitation_id, id, opened_at, device, network_hash)
            select i.host_id, i.event_id, i.guest_id, i.id, o.id, o.at, o.device, o.network
            from hasty, unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bytea[])
                as o (invitation_id, id, at, device, network)
            join invitations i on i.host_id = $1 and i.id = o.invitation_id
            join guests g on g.host_id = $1 and g.id = i.guest_id and g.erased_at is null
            returning invitation_id, opened_at, device
        ), opened as (
            select invitation_id, min(opened_at) as first, max(opened_at) as last, count(*) as times from access
            where device <> 'scanner' group by invitation_id
        )
        update invitations i set first_opened_at = least(i.first_opened_at, o.first),
            last_opened_at = greatest(i.last_opened_at, o.last), openings = openings + o.times
        from opened o where i.host_id = $1 and i.id = o.invitation_id",
        host.0,
        &links,
        &ids,
        &times,
        &devices,
        &networks as &[Option<Vec<u8>>],
    )
    .execute(&mut *tx)
    .await?;
    guests::standing::restate(&mut tx, host, &guests).await?;
    tx.commit().await?;
    for event in openings.iter().map(|opening| opening.guest.event).collect::<std::collections::BTreeSet<_>>() {
        backend.live.changed(event);
    }
    Ok(())
}
