use std::collections::HashMap;

use app::ssr::SESSION;
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::prelude::*;
use guestguard::{
    auth::LONGEST_DAYS,
    ids::SessionId,
    redis::{Away, Redis},
    secrets::token_hash,
};
use serde_json::Value;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// The key under which a cookie that was replaced long ago leaves the account session it belonged to.
pub const REPLAYED: &str = "replayed";
/// How long a cookie is still good after it was replaced: requests that were on their way carry the old one.
const GRACE_SECONDS: i64 = 10;

/// Browser sessions in Redis, found by the hash of their cookie. A cookie that is replaced leaves a mark, so that a copy
/// of it is recognised when it turns up later.
#[derive(Clone, Debug)]
pub struct Store {
    redis: Redis,
}

/// What a mark begins with; what follows is the time in milliseconds and the data as it was.
const READ: &str = "
local value = redis.call('GET', KEYS[1])
if not value then return {'none', ''} end
local since, data = string.match(value, '^replaced (%d+) (.*)$')
if not since then return {'good', value} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now - tonumber(since) <= tonumber(ARGV[1]) * 1000 then return {'good', data} end
return {'replaced', data}
";
/// A new session never takes the place of another, not even of a mark.
const CREATE: &str = "return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2], 'NX') and 1 or 0";
/// What was replaced stays so: a request that is still on its way must not bring it back.
const SAVE: &str = "
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, 9) == 'replaced ' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
";
const REPLACE: &str = "
local value = redis.call('GET', KEYS[1])
if not value or string.sub(value, 1, 9) == 'replaced ' then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], 'replaced ' .. string.format('%.0f', now) .. ' ' .. value, 'EX', ARGV[1])
return 1
";

impl Store {
    /// Keeps sessions through `redis`.
    pub fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Runs a script that writes `record`; whether it did.
    async fn write(&self, script: &'static str, record: &Record) -> Result<bool> {
        let data = serde_json::to_string(&record.data).map_err(|cause| Error::Encode(cause.to_string()))?;
        let seconds = (record.expiry_date - time::OffsetDateTime::now_utc()).whole_seconds().max(1);
        let arguments = vec![data, seconds.to_string()];
        self.redis.ask(async |redis| redis.eval(script, vec![key(record.id)], arguments).await).await.map_err(away)
    }
}

#[async_trait]
impl SessionStore for Store {
    /// A session that was forgotten and is used again brings its old id along; it gets a new one.
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self.write(CREATE, record).await? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.write(SAVE, record).await.map(|_| ())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let arguments = vec![GRACE_SECONDS.to_string()];
        let read = self.redis.ask(async |redis| redis.eval(READ, vec![key(*id)], arguments).await);
        let (state, data): (String, String) = read.await.map_err(away)?;
        if state == "none" {
            return Ok(None);
        }
        let mut data: HashMap<String, Value> =
            serde_json::from_str(&data).map_err(|cause| Error::Decode(cause.to_string()))?;
        if state == "replaced" {
            data = data.remove(SESSION).map(|session| (REPLAYED.to_owned(), session)).into_iter().collect();
        }
        let expiry_date = time::OffsetDateTime::now_utc() + time::Duration::days(LONGEST_DAYS);
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    /// Called when a cookie is replaced and when a session is forgotten.
    async fn delete(&self, id: &Id) -> Result<()> {
        let arguments = vec![(LONGEST_DAYS * 86_400).to_string()];
        let replace = self.redis.ask(async |redis| redis.eval(REPLACE, vec![key(*id)], arguments).await);
        replace.await.map_err(away)
    }
}

/// The account session that a replayed cookie belonged to.
pub async fn replayed(session: &tower_sessions::Session) -> Option<SessionId> {
    session.get(REPLAYED).await.ok().flatten()
}

/// Cookies sign people in, so Redis knows only their hash.
fn key(id: Id) -> String {
    format!("gg:session:{}", BASE64_URL_SAFE_NO_PAD.encode(token_hash(&id.to_string())))
}

fn away(away: Away) -> Error {
    Error::Backend(away.to_string())
}
