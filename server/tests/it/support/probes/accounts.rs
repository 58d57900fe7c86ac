//! Accounts, sessions and audit logs.

use guestguard::ids::UserId;
use uuid::Uuid;

use super::{super::App, Database, Lock, execute, lock, number};

impl App {
    pub async fn accounts(&self) -> i64 {
        self.database().accounts().await
    }

    pub async fn accounts_not_deleted(&self) -> i64 {
        self.number("select count(*) from users where deleted_at is null").await
    }

    pub async fn accounts_that_agreed(&self) -> i64 {
        self.number("select count(*) from users where terms_accepted_at is not null").await
    }

    /// Names and addresses of all accounts.
    pub async fn account_owners(&self) -> Vec<(String, String)> {
        sqlx::query_as("select name, email from users").fetch_all(&self.backend.db).await.unwrap()
    }

    pub async fn is_unverified(&self, email: &str) -> bool {
        let sql = "select count(*) from users where email = $1 and verified_at is null";
        number(&self.backend.db, sql, Some(email)).await == 1
    }

    /// The id of the account with that name.
    pub async fn account_id(&self, name: &str) -> UserId {
        let id = sqlx::query_scalar("select id from users where name = $1").bind(name);
        UserId(id.fetch_one(&self.backend.db).await.unwrap())
    }

    pub async fn unused_account_tokens(&self) -> i64 {
        self.number("select count(*) from account_tokens where used_at is null").await
    }

    /// The only session of the account with that name.
    pub async fn session_id(&self, name: &str) -> Uuid {
        let sql = "select s.id from sessions s join users u on u.id = s.user_id where u.name = $1";
        sqlx::query_scalar(sql).bind(name).fetch_one(&self.backend.db).await.unwrap()
    }

    /// How many entries of that kind the audit logs hold.
    pub async fn audit_log(&self, kind: &str) -> i64 {
        number(&self.backend.db, "select count(*) from audit_log where kind = $1", Some(kind)).await
    }

    pub async fn verify_account(&self, email: &str) {
        let query = sqlx::query("update users set verified_at = now() where email = $1").bind(email);
        query.execute(&self.backend.db).await.unwrap();
    }

    /// Adds an unverified account with that address and the password of the first.
    pub async fn copy_account(&self, email: &str) {
        let sql = "insert into users (id, name, email, password_hash, created_at)
            select gen_random_uuid(), 'Ana', $1, password_hash, now() from users limit 1";
        sqlx::query(sql).bind(email).execute(&self.backend.db).await.unwrap();
    }

    /// All accounts agreed to terms of that version, or to none.
    pub async fn set_agreed_terms(&self, version: Option<&str>) {
        let sql = "update users set terms_version = $1, terms_accepted_at = case when $1 is null then null else terms_accepted_at end";
        sqlx::query(sql).bind(version).execute(&self.backend.db).await.unwrap();
    }

    /// Makes the last re-authentication twenty minutes old, too old for what needs a recent one.
    pub async fn age_reauthentication(&self) {
        execute(&self.backend.db, "update sessions set reauthenticated_at = now() - interval '20 minutes'").await;
    }

    /// Makes the ids of all sessions due for rotation.
    pub async fn age_session_ids(&self) {
        execute(&self.backend.db, "update sessions set rotated_at = rotated_at - interval '15 minutes'").await;
    }

    /// Unlocks all addresses.
    pub async fn clear_sign_in_failures(&self) {
        execute(&self.backend.db, "delete from sign_in_failures").await;
    }

    /// Stops the sending of invitations of the account with that name.
    pub async fn pause_sending_of(&self, name: &str) {
        let query = sqlx::query("update users set sending_paused = 'bounces' where name = $1").bind(name);
        query.execute(&self.backend.db).await.unwrap();
    }

    /// Locks the rows of all accounts.
    pub async fn lock_accounts(&self) -> Lock {
        lock(&self.backend.db, "select from users for update").await
    }
}

impl Database<'_> {
    pub async fn accounts(&self) -> i64 {
        number(self.0, "select count(*) from users", None).await
    }

    /// Verifies the addresses of all accounts.
    pub async fn verify_accounts(&self) {
        execute(self.0, "update users set verified_at = now()").await;
    }

    /// Adds a verified account, with the columns that schema version 9 has.
    pub async fn add_account_of_version_9(&self) {
        let sql = "insert into users (id, name, email, password_hash, created_at, verified_at)
            values (gen_random_uuid(), 'Ana', 'ana@example.org',
                '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g', now(), now())";
        execute(self.0, sql).await;
    }

    /// Stores a plain text in place of every password hash.
    pub async fn store_plain_passwords(&self) {
        execute(self.0, "update users set password_hash = 'plain'").await;
    }

    /// Makes ended sessions active again.
    pub async fn revive_sessions(&self) {
        execute(self.0, "update sessions set ended_at = null").await;
    }
}
