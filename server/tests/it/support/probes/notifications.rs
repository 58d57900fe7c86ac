//! Messages, their delivery history and templates, and suppressions.

use guestguard::ids::{NotificationId, UserId};
use uuid::Uuid;

use super::{super::App, Database, Outbox, execute, number};

impl App {
    pub async fn message_templates(&self) -> i64 {
        self.number("select count(*) from message_templates").await
    }

    /// Entries of that kind in the delivery history.
    pub async fn delivery_events(&self, status: &str) -> i64 {
        number(&self.backend.db, "select count(*) from delivery_events where status = $1", Some(status)).await
    }

    pub async fn suppressions(&self) -> i64 {
        self.number("select count(*) from suppressions").await
    }

    pub async fn suppressions_for(&self, reason: &str) -> i64 {
        number(&self.backend.db, "select count(*) from suppressions where reason = $1", Some(reason)).await
    }

    /// Addresses suppressed for a reason.
    pub async fn suppressed_addresses(&self, reason: &str) -> Vec<String> {
        let query = sqlx::query_scalar("select address from suppressions where reason = $1").bind(reason);
        query.fetch_all(&self.backend.db).await.unwrap()
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

    /// Unsubscribes addresses from each host, and from all.
    pub async fn unsubscribe_everywhere(&self, addresses: &[&str]) {
        let sql = "insert into suppressions (address, host_id, reason, at) select a, h, 'unsubscribed', now()
            from unnest($1::text[]) a, (select id from users union select null) u (h)";
        sqlx::query(sql).bind(addresses).execute(&self.backend.db).await.unwrap();
    }

    pub async fn unsuppress(&self, address: &str) {
        let query = sqlx::query("delete from suppressions where address = $1").bind(address);
        query.execute(&self.backend.db).await.unwrap();
    }

    pub async fn clear_suppressions(&self) {
        execute(&self.backend.db, "delete from suppressions").await;
    }
}

impl Database<'_> {
    /// Addresses suppressed for any reason.
    pub async fn suppressed_addresses(&self) -> Vec<String> {
        sqlx::query_scalar("select address from suppressions").fetch_all(self.0).await.unwrap()
    }

    /// Suppressions of erased people, whose address is kept as a hash.
    pub async fn erased_suppressions(&self) -> i64 {
        let sql = "select count(*) from suppressions where reason = 'erased' and address_hash is not null";
        number(self.0, sql, None).await
    }
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

    /// Queues all messages of a kind again, without a lease.
    pub async fn requeue(&self, kind: &str) {
        let sql = "update notifications set state = 'queued', lease_owner = null, lease_until = null where kind = $1";
        sqlx::query(sql).bind(kind).execute(self.0).await.unwrap();
    }

    /// Fills the columns that only provider events write, for all messages to guests: opened, with that error and id.
    pub async fn set_provider_columns(&self, error: &str, provider_id: &str) {
        let sql =
            "update notifications set last_error = $1, provider_id = $2, opened_at = now() where guest_id is not null";
        sqlx::query(sql).bind(error).bind(provider_id).execute(self.0).await.unwrap();
    }

    /// Adds a bounce to the delivery history of every message to a guest.
    pub async fn add_bounces(&self, detail: &str) {
        let sql = "insert into delivery_events select host_id, id, gen_random_uuid(), now(), 'bounced', $1
            from notifications where guest_id is not null";
        sqlx::query(sql).bind(detail).execute(self.0).await.unwrap();
    }

    pub async fn clear(&self) {
        execute(self.0, "delete from notifications").await;
    }
}
