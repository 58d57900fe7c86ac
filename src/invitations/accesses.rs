//! Accesses: link opens are buffered and written in the background by one task.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::Device;
use crate::{
    actors::Guest,
    backend::Backend,
    error::Result,
    guests::status::GuestTx,
    ids::{GuestId, UserId},
};

/// How long an access waits for others, to be written in one transaction with them.
const GATHER: Duration = Duration::from_millis(200);
/// Delay before a failed write is retried.
const RETRY: Duration = Duration::from_secs(2);
/// Limits on what is kept while it cannot be written: this many accesses with the writer and as many in the channel, up to
/// this age. Others are dropped.
const MAX_WAITING: usize = 10_000;
const MAX_AGE: TimeDelta = TimeDelta::minutes(10);

/// One opening of a guest's link.
#[derive(Clone, Debug)]
pub struct Access {
    guest: Guest,
    at: DateTime<Utc>,
    device: Device,
    /// Keyed hash of the network prefix.
    network: Option<Vec<u8>>,
}

impl Access {
    /// The link is opened now, from a network whose prefix is stored as a keyed hash only.
    pub fn now(backend: &Backend, guest: &Guest, device: Device, network: Option<&[u8]>) -> Result<Self> {
        let network = network.map(|prefix| backend.secrets.keyed_hash(prefix)).transpose()?;
        Ok(Self { guest: guest.clone(), at: backend.clock.now(), device, network })
    }
}

/// A handle to the writer task. No guest waits for the write, and many accesses cost little more than one. A node that dies
/// loses what it has buffered; a regular stop flushes first.
#[derive(Clone, Debug)]
pub struct AccessLog(mpsc::Sender<Message>);

#[derive(Debug)]
enum Message {
    Access(Access),
    Flush(oneshot::Sender<Result<()>>),
}

impl AccessLog {
    /// Starts the writer task. It ends, after a last write, when all handles are dropped.
    pub fn start(backend: Backend) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(write_until_closed(backend, receiver));
        Self(sender)
    }

    /// Buffers `access`.
    pub fn record(&self, access: Access) {
        match self.0.try_send(Message::Access(access)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::warn!("an access was dropped: {MAX_WAITING} are waiting"),
            Err(TrySendError::Closed(_)) => tracing::error!("an access was dropped: the writer has stopped"),
        }
    }

    /// Writes everything that was recorded before.
    ///
    /// # Errors
    /// The database is unavailable; the accesses stay buffered.
    pub async fn flush(&self) -> Result<()> {
        let (done, written) = oneshot::channel();
        let gone = || anyhow::anyhow!("the writer of accesses has stopped");
        self.0.send(Message::Flush(done)).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

async fn write_until_closed(backend: Backend, mut messages: mpsc::Receiver<Message>) {
    let mut waiting = Vec::new();
    let mut next_write = None;
    loop {
        let due = async {
            match next_write {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let message = tokio::select! {
            message = messages.recv() => message,
            () = due => {
                // While the service is in maintenance, the database must not change.
                let written = !backend.maintenance.is_on() && write(&backend, &mut waiting).await.is_ok();
                next_write = (!written).then(|| Instant::now() + RETRY);
                continue;
            }
        };
        match message {
            Some(Message::Access(_)) if waiting.len() >= MAX_WAITING => {
                tracing::warn!("an access was dropped: {MAX_WAITING} are waiting");
            }
            Some(Message::Access(access)) => {
                waiting.push(access);
                next_write.get_or_insert_with(|| Instant::now() + GATHER);
            }
            Some(Message::Flush(done)) => {
                let written = write(&backend, &mut waiting).await;
                next_write = written.is_err().then(|| Instant::now() + RETRY);
                let _ = done.send(written);
            }
            None => {
                if write(&backend, &mut waiting).await.is_err() {
                    tracing::warn!("the last accesses could not be written");
                }
                return;
            }
        }
    }
}

/// Writes what is `waiting`; what could not be written and is young enough stays there.
///
/// # Errors
/// The database is unavailable.
pub async fn write(backend: &Backend, waiting: &mut Vec<Access>) -> Result<()> {
    let mut by_host: BTreeMap<UserId, Vec<Access>> = BTreeMap::new();
    for access in waiting.drain(..) {
        by_host.entry(access.guest.host()).or_default().push(access);
    }
    let mut result = Ok(());
    for (host, accesses) in by_host {
        if let Err(cause) = write_of_host(backend, host, &accesses).await {
            tracing::warn!(accesses = accesses.len(), "accesses could not be written yet");
            let now = backend.clock.now();
            waiting.extend(accesses.into_iter().filter(|access| now - access.at < MAX_AGE));
            result = Err(cause);
        }
    }
    result
}

/// Writes accesses of links to `host`'s events in one transaction. Scanners do not count as the guest. The commit does not
/// wait for the disk: nobody is promised anything, so a database crash may lose the last ones.
async fn write_of_host(backend: &Backend, host: UserId, accesses: &[Access]) -> Result<()> {
    let guests: Vec<GuestId> = accesses.iter().map(|access| access.guest.id()).collect();
    let links: Vec<Uuid> = accesses.iter().map(|access| access.guest.invitation().0).collect();
    let ids: Vec<Uuid> = accesses.iter().map(|_| Uuid::now_v7()).collect();
    let times: Vec<_> = accesses.iter().map(|access| access.at).collect();
    let devices: Vec<_> = accesses.iter().map(|access| access.device.into_str().to_owned()).collect();
    let networks: Vec<_> = accesses.iter().map(|access| access.network.clone()).collect();
    let mut tx = GuestTx::begin(&backend.db).await?;
    tx.lock(host, &guests).await?;
    sqlx::query!(
        "with async_commit as (
            select set_config('synchronous_commit', 'off', true)
        ), access as (
            insert into accesses (host_id, event_id, guest_id, invitation_id, id, opened_at, device, network_hash)
            select i.host_id, i.event_id, i.guest_id, i.id, o.id, o.at, o.device, o.network
            from async_commit, unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bytea[])
                as o (invitation_id, id, at, device, network)
            join invitations i on i.host_id = $1 and i.id = o.invitation_id
            join guests g on g.host_id = $1 and g.id = i.guest_id and g.erased_at is null
            returning invitation_id, opened_at, device
        ), opened as (
            select invitation_id, min(opened_at) as first, max(opened_at) as last, count(*) as times from access
            where device <> 'scanner' group by invitation_id
        )
        update invitations i set first_opened_at = least(i.first_opened_at, o.first),
            last_opened_at = greatest(i.last_opened_at, o.last), open_count = i.open_count + o.times
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
    tx.commit().await?;
    for event in accesses.iter().map(|access| access.guest.event()).collect::<std::collections::BTreeSet<_>>() {
        backend.live.changed(event);
    }
    Ok(())
}
