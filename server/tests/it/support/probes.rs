//! Named probes: what tests read and arrange in the database, so that they need no SQL of their own.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use fred::prelude::*;
use guestguard::ids::{EventId, NotificationId, UserId};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use uuid::Uuid;

use super::App;

/// The messages of a node's database.
pub struct Outbox<'a>(&'a PgPool);

/// The job queue of a node's database.
pub struct Jobs<'a>(&'a PgPool);

/// One number. `sql` may have one parameter.
async fn number(db: &PgPool, sql: &'static str, parameter: Option<&str>) -> i64 {
    let query = sqlx::query_scalar(sql);
    let query = match parameter {
        Some(parameter) => query.bind(parameter),
        None => query,
    };
    query.fetch_one(db).await.unwrap()
}

async fn execute(db: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(db).await.unwrap();
}

impl App {
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(&self.backend.db)
    }

    pub fn jobs(&self) -> Jobs<'_> {
        Jobs(&self.backend.db)
    }

    async fn number(&self, sql: &'static str) -> i64 {
        number(&self.backend.db, sql, None).await
    }

    // Accounts

    pub async fn accounts(&self) -> i64 {
        self.number("select count(*) from users").await
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

    /// All accounts agreed to terms of that version, or to none.
    pub async fn set_agreed_terms(&self, version: Option<&str>) {
        let sql = "update users set terms_version = $1, terms_accepted_at = case when $1 is null then null else terms_accepted_at end";
        sqlx::query(sql).bind(version).execute(&self.backend.db).await.unwrap();
    }

    /// Makes the last proof of a password twenty minutes old, too old for what needs a recent one.
    pub async fn age_reauthentication(&self) {
        execute(&self.backend.db, "update sessions set reauthenticated_at = now() - interval '20 minutes'").await;
    }

    /// Makes the ids of all sessions due for rotation.
    pub async fn age_session_ids(&self) {
        execute(&self.backend.db, "update sessions set rotated_at = rotated_at - interval '15 minutes'").await;
    }

    // Events, guests, invitations, replies

    pub async fn events(&self) -> i64 {
        self.number("select count(*) from events").await
    }

    pub async fn cancelled_events(&self) -> i64 {
        self.number("select count(*) from events where cancelled_at is not null").await
    }

    pub async fn guests(&self) -> i64 {
        self.number("select count(*) from guests").await
    }

    pub async fn guests_named(&self, names: &[&str]) -> i64 {
        let query = sqlx::query_scalar("select count(*) from guests where name = any ($1)").bind(names);
        query.fetch_one(&self.backend.db).await.unwrap()
    }

    /// Guests on the lists of everybody but that account.
    pub async fn guests_of_others(&self, email: &str) -> i64 {
        let sql = "select count(*) from guests g join events e on e.id = g.event_id join users u on u.id = e.host_id
            where u.email <> $1";
        number(&self.backend.db, sql, Some(email)).await
    }

    pub async fn guests_not_in_status(&self, status: &str) -> i64 {
        number(&self.backend.db, "select count(*) from guest_status where status::text <> $1", Some(status)).await
    }

    pub async fn imports(&self) -> i64 {
        self.number("select count(*) from imports").await
    }

    /// Rows of imports in which a cell says `text`.
    pub async fn import_rows_with(&self, text: &str) -> i64 {
        number(&self.backend.db, "select count(*) from import_rows where $1 = any (cells)", Some(text)).await
    }

    pub async fn invitations(&self) -> i64 {
        self.number("select count(*) from invitations").await
    }

    pub async fn accesses(&self) -> i64 {
        self.number("select count(*) from accesses").await
    }

    pub async fn replies(&self) -> i64 {
        self.number("select count(*) from rsvps").await
    }

    pub async fn attending_replies(&self) -> i64 {
        self.number("select count(*) from rsvps where answer = 'attending'").await
    }

    pub async fn seats_taken(&self) -> i64 {
        self.number("select coalesce(sum(heads), 0)::bigint from rsvps where answer = 'attending'").await
    }

    // Messages

    pub async fn message_templates(&self) -> i64 {
        self.number("select count(*) from message_templates").await
    }

    pub async fn suppressions(&self) -> i64 {
        self.number("select count(*) from suppressions").await
    }

    pub async fn suppressions_for(&self, reason: &str) -> i64 {
        number(&self.backend.db, "select count(*) from suppressions where reason = $1", Some(reason)).await
    }

    /// Suppressions that hold for every host.
    pub async fn global_suppressions(&self) -> i64 {
        self.number("select count(*) from suppressions where host_id is null").await
    }

    /// Suppresses an address for every host.
    pub async fn suppress(&self, address: &str, reason: &str) {
        let query = sqlx::query("insert into suppressions (address, reason, at) values ($1, $2, now())");
        query.bind(address).bind(reason).execute(&self.backend.db).await.unwrap();
    }

    pub async fn unsuppress(&self, address: &str) {
        let query = sqlx::query("delete from suppressions where address = $1").bind(address);
        query.execute(&self.backend.db).await.unwrap();
    }

    pub async fn clear_suppressions(&self) {
        execute(&self.backend.db, "delete from suppressions").await;
    }

    /// Entries of that kind in the delivery history.
    pub async fn delivery_events(&self, status: &str) -> i64 {
        number(&self.backend.db, "select count(*) from delivery_events where status = $1", Some(status)).await
    }

    // Webhooks, billing, backups

    pub async fn webhook_events(&self) -> i64 {
        self.number("select count(*) from webhook_events").await
    }

    pub async fn webhook_events_of(&self, provider: &str) -> i64 {
        number(&self.backend.db, "select count(*) from webhook_events where provider = $1", Some(provider)).await
    }

    /// Stored webhooks whose body has `text` in it.
    pub async fn webhook_events_with(&self, text: &str) -> i64 {
        let sql = "select count(*) from webhook_events where position($1 in body::text) > 0";
        number(&self.backend.db, sql, Some(text)).await
    }

    /// Subscriptions that grant a tier.
    pub async fn active_subscriptions(&self) -> i64 {
        self.number("select count(*) from subscriptions where grants_tier").await
    }

    pub async fn subscriptions_that_end(&self) -> i64 {
        self.number("select count(*) from subscriptions where cancel_at_period_end").await
    }

    pub async fn erasure_log(&self) -> i64 {
        self.number("select count(*) from erasure_log").await
    }

    /// The id of the only event.
    pub async fn event_id(&self) -> EventId {
        EventId(sqlx::query_scalar("select id from events").fetch_one(&self.backend.db).await.unwrap())
    }

    /// The id of the only reminder.
    pub async fn reminder_id(&self) -> Uuid {
        sqlx::query_scalar("select id from reminder_rules").fetch_one(&self.backend.db).await.unwrap()
    }

    /// Gives guests of that name a phone number, unchecked.
    pub async fn set_phone(&self, name: &str, phone: &str) {
        let query = sqlx::query("update guests set phone = $2 where name = $1").bind(name).bind(phone);
        query.execute(&self.backend.db).await.unwrap();
    }

    pub async fn set_note_and_tag(&self, name: &str, note: &str, tag: &str) {
        let query = sqlx::query("update guests set note = $2, tags = array[$3] where name = $1").bind(name);
        query.bind(note).bind(tag).execute(&self.backend.db).await.unwrap();
    }

    /// Stripe's id of the only customer.
    pub async fn billing_customer(&self) -> String {
        let query = sqlx::query_scalar("select stripe_id from billing_customers");
        query.fetch_one(&self.backend.db).await.unwrap()
    }

    /// Stops the sending of invitations of the account with that name.
    pub async fn pause_sending_of(&self, name: &str) {
        let query = sqlx::query("update users set sending_paused = 'bounces' where name = $1").bind(name);
        query.execute(&self.backend.db).await.unwrap();
    }

    /// Stripe's id of the only subscription that grants a tier.
    pub async fn active_subscription(&self) -> String {
        let query = sqlx::query_scalar("select stripe_id from subscriptions where grants_tier");
        query.fetch_one(&self.backend.db).await.unwrap()
    }

    /// Addresses suppressed for a reason.
    pub async fn suppressed_addresses(&self, reason: &str) -> Vec<String> {
        let query = sqlx::query_scalar("select address from suppressions where reason = $1").bind(reason);
        query.fetch_all(&self.backend.db).await.unwrap()
    }

    // The database server

    /// Statements that wait for a lock.
    pub async fn lock_waits(&self) -> i64 {
        self.activity("wait_event_type = 'Lock'").await
    }

    /// Connections that listen for notifications, as every running worker's do.
    pub async fn listeners(&self) -> i64 {
        self.activity("query ilike 'listen %'").await
    }

    /// Statements and transactions under way in other connections.
    pub async fn other_statements(&self) -> i64 {
        self.activity("state <> 'idle' and backend_type = 'client backend'").await
    }

    /// Other connections to the database for which `condition` holds. Asked over a connection of its own, since the pool's
    /// may all be in use.
    async fn activity(&self, condition: &'static str) -> i64 {
        let mut db = PgConnection::connect_with(&self.backend.db.connect_options()).await.unwrap();
        let sql = format!(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and {condition}"
        );
        let found = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        found
    }

    // Redis

    /// How long a ticket for the live socket is still good.
    pub async fn ticket_life(&self, ticket: &str) -> Duration {
        let left: i64 = self.redis().await.pttl(ticket_key(ticket)).await.unwrap();
        Duration::from_millis(left.try_into().expect("a ticket that is there, and ends"))
    }

    /// Lets the life of a ticket end.
    pub async fn expire_ticket(&self, ticket: &str) {
        let _: i64 = self.redis().await.pexpire(ticket_key(ticket), 0, None).await.unwrap();
    }
}

/// The key of a ticket in Redis.
fn ticket_key(ticket: &str) -> String {
    format!("gg:ticket:{}", BASE64_URL_SAFE_NO_PAD.encode(guestguard::secrets::token_hash(ticket)))
}

/// Verifies the addresses of all accounts.
pub async fn verify_accounts(db: &PgPool) {
    execute(db, "update users set verified_at = now()").await;
}

/// All accounts, where there is no [`App`].
pub async fn accounts(db: &PgPool) -> i64 {
    number(db, "select count(*) from users", None).await
}

/// Dumps of the database that are under way.
pub async fn dumps_running(db: &PgPool) -> i64 {
    let sql =
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'pg_dump'";
    number(db, sql, None).await
}

impl Outbox<'_> {
    pub async fn count(&self) -> i64 {
        number(self.0, "select count(*) from notifications", None).await
    }

    /// Messages in a state: "queued", "sent", "suppressed", ….
    pub async fn in_state(&self, state: &str) -> i64 {
        number(self.0, "select count(*) from notifications where state = $1", Some(state)).await
    }

    /// Messages to guests in a state.
    pub async fn to_guests_in_state(&self, state: &str) -> i64 {
        let sql = "select count(*) from notifications where state = $1 and guest_id is not null";
        number(self.0, sql, Some(state)).await
    }

    /// Messages in a state of which that many attempts were made.
    pub async fn attempted(&self, state: &str, attempts: i32) -> i64 {
        let sql = "select count(*) from notifications where state = $1 and attempts = $2";
        sqlx::query_scalar(sql).bind(state).bind(attempts).fetch_one(self.0).await.unwrap()
    }

    /// The most attempts that any message in a state took.
    pub async fn most_attempts(&self, state: &str) -> i64 {
        let sql = "select coalesce(max(attempts), 0)::bigint from notifications where state = $1";
        number(self.0, sql, Some(state)).await
    }

    /// All attempts at messages to guests.
    pub async fn attempts_at_guests(&self) -> i64 {
        let sql = "select coalesce(sum(attempts), 0)::bigint from notifications where guest_id is not null";
        number(self.0, sql, None).await
    }

    /// Messages to guests that were not attempted yet.
    pub async fn untried(&self) -> i64 {
        let sql = "select count(*) from notifications where attempts = 0 and guest_id is not null";
        number(self.0, sql, None).await
    }

    /// Messages that were neither sent nor given up.
    pub async fn unfinished(&self) -> i64 {
        number(self.0, "select count(*) from notifications where state in ('queued', 'sending')", None).await
    }

    /// Messages of a kind: "invitation", "reset", ….
    pub async fn of_kind(&self, kind: &str) -> i64 {
        number(self.0, "select count(*) from notifications where kind = $1", Some(kind)).await
    }

    /// Sent messages of a kind.
    pub async fn sent_of_kind(&self, kind: &str) -> i64 {
        number(self.0, "select count(*) from notifications where kind = $1 and state = 'sent'", Some(kind)).await
    }

    /// Sent messages to an address.
    pub async fn sent_to(&self, address: &str) -> i64 {
        number(self.0, "select count(*) from notifications where recipient = $1 and state = 'sent'", Some(address))
            .await
    }

    /// Messages that were not sent because their recipient unsubscribed.
    pub async fn unsubscribed(&self) -> i64 {
        let sql = "select count(*) from notifications where state = 'suppressed' and last_error = 'unsubscribed'";
        number(self.0, sql, None).await
    }

    pub async fn opened(&self) -> i64 {
        number(self.0, "select count(*) from notifications where opened_at is not null", None).await
    }

    /// Messages that a provider accepted under an id of its own.
    pub async fn accepted_by(&self, provider: &str) -> i64 {
        let sql = "select count(*) from notifications where provider = $1 and provider_id is not null";
        number(self.0, sql, Some(provider)).await
    }

    /// The state of the message to the guest with that name.
    pub async fn state_for(&self, guest: &str) -> String {
        let sql = "select state from notifications n join guests g on g.id = n.guest_id where g.name = $1";
        sqlx::query_scalar(sql).bind(guest).fetch_one(self.0).await.unwrap()
    }

    /// The state of the message to that address.
    pub async fn state_to(&self, address: &str) -> String {
        let sql = "select state from notifications where recipient = $1";
        sqlx::query_scalar(sql).bind(address).fetch_one(self.0).await.unwrap()
    }

    /// Messages that a provider accepted under that id.
    pub async fn sent_under(&self, provider: &str, id: &str) -> i64 {
        let sql = "select count(*) from notifications where state = 'sent' and provider = $1 and provider_id = $2";
        sqlx::query_scalar(sql).bind(provider).bind(id).fetch_one(self.0).await.unwrap()
    }

    /// Queued messages that are not due for that many minutes.
    pub async fn due_after_minutes(&self, minutes: i32) -> i64 {
        let sql =
            "select count(*) from notifications where state = 'queued' and run_at > now() + make_interval(mins => $1)";
        sqlx::query_scalar(sql).bind(minutes).fetch_one(self.0).await.unwrap()
    }

    /// Whether every message was sent or given up, and its end recorded.
    pub async fn is_drained(&self) -> bool {
        let sql = "select count(*) from notifications where state in ('queued', 'sending') or lease_owner is not null";
        number(self.0, sql, None).await == 0
    }

    pub async fn ids_in_state(&self, state: &str) -> Vec<String> {
        let query = sqlx::query_scalar("select id::text from notifications where state = $1").bind(state);
        query.fetch_all(self.0).await.unwrap()
    }

    /// The message to the guest with that name.
    pub async fn id_for(&self, guest: &str) -> Uuid {
        let sql = "select n.id from notifications n join guests g on g.id = n.guest_id where g.name = $1";
        sqlx::query_scalar(sql).bind(guest).fetch_one(self.0).await.unwrap()
    }

    /// The only invitation, with its host.
    pub async fn invitation(&self) -> (UserId, NotificationId) {
        let query = sqlx::query_as("select host_id, id from notifications where kind = 'invitation'");
        query.fetch_one(self.0).await.unwrap()
    }

    /// The state of the only invitation.
    pub async fn invitation_state(&self) -> String {
        let query = sqlx::query_scalar("select state from notifications where kind = 'invitation'");
        query.fetch_one(self.0).await.unwrap()
    }

    /// At which place, of all messages to guests, the last of a host's was sent.
    pub async fn place_of_last(&self, host: &str) -> i64 {
        let sql = "with sent as (
                select host_id, row_number() over (order by sent_at, id) as place from notifications
                where guest_id is not null and state = 'sent')
            select max(place) from sent where host_id = (select id from users where name = $1)";
        number(self.0, sql, Some(host)).await
    }

    pub async fn was_attempted(&self, id: Uuid) -> bool {
        let sql = "select attempts > 0 from notifications where id = $1";
        sqlx::query_scalar(sql).bind(id).fetch_one(self.0).await.unwrap()
    }

    /// Leaves one message as a worker that died would; its id.
    pub async fn abandon_one(&self) -> Uuid {
        let sql =
            "update notifications set state = 'sending', lease_owner = id, lease_until = now() + interval '60 seconds'
            where id = (select min(id::text)::uuid from notifications) returning id";
        sqlx::query_scalar(sql).fetch_one(self.0).await.unwrap()
    }

    /// Turns what is queued into text messages to that number.
    pub async fn redirect_to_phone(&self, phone: &str) {
        let query = sqlx::query("update notifications set channel = 'sms', recipient = $1 where state = 'queued'");
        query.bind(phone).execute(self.0).await.unwrap();
    }

    /// Lets a message bounce with that reply.
    pub async fn bounce(&self, id: NotificationId, reply: &str) {
        let sql = "update notifications set state = 'bounced', bounce_type = 'hard', last_error = $2 where id = $1";
        sqlx::query(sql).bind(id.0).bind(reply).execute(self.0).await.unwrap();
    }

    /// Makes all messages due now.
    pub async fn make_due(&self) {
        execute(self.0, "update notifications set run_at = now()").await;
    }

    /// Ends all leases, as if their workers had died a minute ago.
    pub async fn expire_leases(&self) {
        let sql = "update notifications set lease_until = now() - interval '1 second' where lease_owner is not null";
        execute(self.0, sql).await;
    }

    pub async fn clear(&self) {
        execute(self.0, "delete from notifications").await;
    }
}

impl Jobs<'_> {
    pub async fn count(&self) -> i64 {
        number(self.0, "select count(*) from graphile_worker._private_jobs", None).await
    }

    /// Schedules that a worker has registered, by all names.
    pub async fn schedules(&self) -> i64 {
        number(self.0, "select count(*) from graphile_worker._private_known_crontabs", None).await
    }

    /// Whether a job has a schedule.
    pub async fn is_scheduled(&self, name: &str) -> bool {
        let sql = "select count(*) from graphile_worker._private_known_crontabs where identifier = $1";
        number(self.0, sql, Some(name)).await > 0
    }

    /// Jobs of a name that were attempted and wait for another attempt.
    pub async fn retried(&self, name: &str) -> i64 {
        let sql = "select count(*) from graphile_worker.jobs where task_identifier = $1 and attempts > 0";
        number(self.0, sql, Some(name)).await
    }

    /// Enqueues a job without a payload.
    pub async fn add(&self, name: &str) {
        let query = sqlx::query("select graphile_worker.add_job($1, 'null'::json)").bind(name);
        query.execute(self.0).await.unwrap();
    }

    /// Makes all jobs due now.
    pub async fn make_due(&self) {
        execute(self.0, "update graphile_worker._private_jobs set run_at = now()").await;
    }

    pub async fn clear(&self) {
        execute(self.0, "delete from graphile_worker._private_jobs").await;
    }
}
