//! Session store: browser sessions in Redis, with detection of reused cookies.

use app::ssr::SESSION;
use async_trait::async_trait;
use fred::{
    clients::Pool,
    error::{Error as RedisError, ErrorKind},
    prelude::*,
    types::{Expiration, SetOptions},
};
use guestguard::{
    auth::SESSION_MAX_DAYS,
    ids::SessionId,
    redis::{Redis, Unavailable},
    secrets::token_hash,
};
use serde_json::Value;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use tower_sessions_redis_store::RedisStore;

/// The key under which the load of a reused cookie returns the session that the cookie belonged to.
pub const REUSED: &str = "reused";
/// Milliseconds for which a replaced cookie stays good: requests already on their way carry the old one.
const GRACE_MILLIS: i64 = 10_000;
/// Milliseconds for which a replaced cookie is recognised.
const MARK_MILLIS: i64 = SESSION_MAX_DAYS * 86_400_000;

/// Wraps [`RedisStore`]. When a signed-in session changes its cookie, the old record stays and gets a mark; a copy of
/// the old cookie is recognised by that. The mark's age is its time to live, so Redis' clock decides on every node.
#[derive(Clone, Debug)]
pub struct Store {
    redis: Redis,
}

impl Store {
    /// Stores sessions through `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Runs one operation of the inner store within the time that [`Redis`] allows.
    async fn run<T>(&self, operation: impl AsyncFnOnce(RedisStore<Pool>) -> Result<T>) -> Result<T> {
        let result = self.redis.ask(async |pool| match operation(RedisStore::new(pool.clone())).await {
            Err(Error::Backend(cause)) => Err(RedisError::new(ErrorKind::Unknown, cause)),
            // A record that cannot be read says nothing about Redis.
            result => Ok(result),
        });
        result.await.map_err(unavailable)?
    }

    /// Whether the record exists and belongs to an account's session.
    async fn is_signed_in(&self, id: Id) -> Result<bool> {
        let record = self.run(async |store| store.load(&id).await).await?;
        Ok(record.is_some_and(|record| record.data.contains_key(SESSION)))
    }

    /// Milliseconds since the cookie was replaced, or `None` if it is current.
    async fn replaced_since(&self, id: Id) -> Result<Option<i64>> {
        let left: i64 = self.redis.ask(async |redis| redis.pttl(mark(id)).await).await.map_err(unavailable)?;
        Ok((left >= 0).then_some(MARK_MILLIS - left))
    }
}

#[async_trait]
impl SessionStore for Store {
    /// Always under a new id: a session that was deleted and is used again brings its old one, which may be marked.
    async fn create(&self, record: &mut Record) -> Result<()> {
        record.id = Id::default();
        let mut stored = hashed(record);
        self.run(async |store| store.create(&mut stored).await).await
    }

    /// A record that was deleted meanwhile, by a sign-in beside this request, stays deleted.
    async fn save(&self, record: &Record) -> Result<()> {
        let stored = hashed(record);
        self.run(async |store| match store.save(&stored).await {
            // The inner store reads Redis' nil, "nothing to overwrite", as a bool, which fred refuses.
            Err(Error::Backend(cause)) if cause.contains("Could not convert to bool") => Ok(()),
            result => result,
        })
        .await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let stored = hash(*id);
        let (record, replaced) =
            futures::try_join!(self.run(async |store| store.load(&stored).await), self.replaced_since(stored))?;
        let Some(mut record) = record else { return Ok(None) };
        record.id = *id;
        if replaced.is_some_and(|since| since > GRACE_MILLIS) {
            let session: Option<Value> = record.data.remove(SESSION);
            record.data = session.map(|session| (REUSED.to_owned(), session)).into_iter().collect();
        }
        Ok(Some(record))
    }

    /// Called when a cookie is replaced and at sign-out. A later request does not replace the mark.
    async fn delete(&self, id: &Id) -> Result<()> {
        let stored = hash(*id);
        if !self.is_signed_in(stored).await? {
            return self.run(async |store| store.delete(&stored).await).await;
        }
        let expires = Some(Expiration::PX(MARK_MILLIS));
        let set = self
            .redis
            .ask(async |redis| redis.set::<(), _, _>(mark(stored), "", expires, Some(SetOptions::NX), false).await);
        set.await.map_err(unavailable)
    }
}

/// The account session that a reused cookie belonged to.
pub async fn reused(session: &tower_sessions::Session) -> Option<SessionId> {
    session.get(REUSED).await.ok().flatten()
}

/// Cookies sign people in, so Redis knows only their hash.
fn hash(id: Id) -> Id {
    let mut half = [0; 16];
    half.iter_mut().zip(token_hash(&id.to_string())).for_each(|(half, byte)| *half = byte);
    Id(i128::from_le_bytes(half))
}

fn hashed(record: &Record) -> Record {
    Record { id: hash(record.id), ..record.clone() }
}

/// The key of the mark that the record's cookie was replaced.
fn mark(id: Id) -> String {
    format!("gg:replaced-session:{id}")
}

fn unavailable(away: Unavailable) -> Error {
    Error::Backend(away.to_string())
}

#[cfg(test)]
mod tests {
    use tower_sessions::cookie::time::{Duration, OffsetDateTime};

    use super::*;

    #[tokio::test]
    async fn a_record_deleted_before_it_is_saved_stays_deleted_and_redis_available() {
        let url = std::env::var("GG_REDIS_URL").expect("GG_REDIS_URL must be set; `bin/services env` prints it");
        let pool = Builder::from_config(Config::from_url(&url).unwrap()).build_pool(1).unwrap();
        pool.init().await.unwrap();
        let store = Store::new(Redis::new(pool));
        let expiry_date = OffsetDateTime::now_utc() + Duration::hours(1);
        let mut record = Record { id: Id::default(), data: Default::default(), expiry_date };
        store.create(&mut record).await.unwrap();
        store.delete(&record.id).await.unwrap();
        store.save(&record).await.unwrap();
        assert!(store.load(&record.id).await.unwrap().is_none());
    }
}
