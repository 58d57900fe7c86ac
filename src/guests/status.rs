//! Guest status: kept in `guest_status` by [`GuestTx`]. Nothing else writes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Deref, DerefMut},
};

use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::{
    error::Result,
    ids::{GuestId, UserId},
};

/// A transaction that changes what guests' status derives from: their row, invitation, notifications, manual delivery or RSVP.
/// Functions that write those take it instead of a bare connection, and name the guests by [`Self::lock`] or [`Self::touch`];
/// [`Self::commit`] refreshes their status. Dropped, it rolls back.
#[must_use = "it rolls back unless it is committed"]
pub struct GuestTx {
    tx: Transaction<'static, Postgres>,
    touched: BTreeMap<UserId, BTreeSet<GuestId>>,
}

impl GuestTx {
    /// Begins a transaction.
    pub async fn begin(db: &PgPool) -> Result<Self> {
        Ok(db.begin().await?.into())
    }

    /// Locks the rows of `guests` in one order for everybody, so that two verbs wait for each other instead of deadlocking.
    pub async fn lock(&mut self, host: UserId, guests: &[GuestId]) -> Result<()> {
        if guests.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "select from guests where host_id = $1 and id = any ($2) order by id for no key update",
            host.0,
            guests as &[GuestId],
        )
        .execute(&mut *self.tx)
        .await?;
        self.touch(host, guests);
        Ok(())
    }

    /// Names guests whose rows this transaction has locked or inserted by a statement of its own.
    pub fn touch(&mut self, host: UserId, guests: &[GuestId]) {
        if !guests.is_empty() {
            self.touched.entry(host).or_default().extend(guests);
        }
    }

    /// Refreshes the status of the guests that were named, and commits.
    pub async fn commit(mut self) -> Result<()> {
        for (host, guests) in std::mem::take(&mut self.touched) {
            let guests: Vec<_> = guests.into_iter().collect();
            sqlx::query!(
                "insert into guest_status as s
                select * from current_guest_status where host_id = $1 and guest_id = any ($2)
                on conflict (host_id, guest_id) do update
                set status = excluded.status, heads = excluded.heads, seats = excluded.seats,
                    last_activity_at = excluded.last_activity_at, name_key = excluded.name_key, deleted = excluded.deleted
                where s is distinct from excluded",
                host.0,
                &guests as &[GuestId],
            )
            .execute(&mut *self.tx)
            .await?;
        }
        self.tx.commit().await?;
        Ok(())
    }
}

impl From<Transaction<'static, Postgres>> for GuestTx {
    fn from(tx: Transaction<'static, Postgres>) -> Self {
        Self { tx, touched: BTreeMap::new() }
    }
}

impl Deref for GuestTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.tx
    }
}

impl DerefMut for GuestTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.tx
    }
}
