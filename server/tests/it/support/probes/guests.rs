//! Events, guests, imports, invitations and replies.

use guestguard::ids::{EventId, GuestId};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{super::App, Database, Lock, execute, lock, number};

impl App {
    pub async fn events(&self) -> i64 {
        self.database().events().await
    }

    pub async fn cancelled_events(&self) -> i64 {
        self.number("select count(*) from events where cancelled_at is not null").await
    }

    /// The id of the only event.
    pub async fn event_id(&self) -> EventId {
        EventId(sqlx::query_scalar("select id from events").fetch_one(&self.backend.db).await.unwrap())
    }

    /// The id of the only reminder.
    pub async fn reminder_id(&self) -> Uuid {
        sqlx::query_scalar("select id from reminder_rules").fetch_one(&self.backend.db).await.unwrap()
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

    /// The guests of an event with all columns that an export has, as text.
    pub async fn guest_list(&self, event: EventId) -> String {
        let sql =
            "select string_agg(concat_ws('|', name, email, phone, party_size, tags::text, note), E'\n' order by name)
            from guests where event_id = $1";
        sqlx::query_scalar(sql).bind(event.0).fetch_one(&self.backend.db).await.unwrap()
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

    /// Makes a guest one that was removed two days ago, too long to be restored.
    pub async fn remove_two_days_ago(&self, guest: GuestId) {
        let query = sqlx::query("update guests set deleted_at = now() - interval '2 days' where id = $1");
        query.bind(guest.0).execute(&self.backend.db).await.unwrap();
    }

    /// Deletes the rows of an event's guests.
    pub async fn delete_guests_of(&self, event: EventId) {
        let query = sqlx::query("delete from guests where event_id = $1").bind(event.0);
        query.execute(&self.backend.db).await.unwrap();
    }

    /// Makes the database reject guests of that name.
    pub async fn forbid_guests_named(&self, name: &str) {
        let sql = format!("alter table guests add constraint forbidden_name check (name <> '{name}')");
        sqlx::query(AssertSqlSafe(sql)).execute(&self.backend.db).await.unwrap();
    }

    /// Undoes [`Self::forbid_guests_named`].
    pub async fn allow_all_guest_names(&self) {
        execute(&self.backend.db, "alter table guests drop constraint forbidden_name").await;
    }

    /// Locks the row of a guest.
    pub async fn lock_guest(&self, guest: GuestId) -> Lock {
        let mut lock = self.backend.db.begin().await.unwrap();
        let query = sqlx::query("select from guests where id = $1 for update").bind(guest.0);
        query.execute(&mut *lock).await.unwrap();
        lock
    }

    /// Locks the table of events, also for readers.
    pub async fn lock_all_events(&self) -> Lock {
        lock(&self.backend.db, "lock table events in access exclusive mode").await
    }

    pub async fn imports(&self) -> i64 {
        self.number("select count(*) from imports").await
    }

    /// Rows of imports in which a cell says `text`.
    pub async fn import_rows_with(&self, text: &str) -> i64 {
        number(&self.backend.db, "select count(*) from import_rows where $1 = any (cells)", Some(text)).await
    }

    /// Fills the columns of imported rows that corrections, updates of guests and suggestions write.
    pub async fn set_import_corrections(&self, name: &str, suggestion: &str) {
        let sql = "update import_rows set corrected = jsonb_build_object('name', $1::text),
            before = jsonb_build_object('name', $1::text), suggestion = $2 where name is not null";
        sqlx::query(sql).bind(name).bind(suggestion).execute(&self.backend.db).await.unwrap();
    }

    /// Deletes all guests and makes all imports uncommitted.
    pub async fn reset_imports(&self) {
        for sql in [
            "delete from guests",
            "update imports set committed_at = null",
            "update import_rows set guest_id = null, outcome = null",
        ] {
            execute(&self.backend.db, sql).await;
        }
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

    /// As one text: all rows of Ana's, and all of other tables that a stranger must not change.
    pub async fn snapshot(&self) -> String {
        let sql = "select concat(
            (select string_agg(e::text, '' order by e.id) from events e join users u on u.id = host_id and email = 'ana@example.org'),
            (select string_agg(g::text, '' order by g.id) from guests g),
            (select string_agg(i.id::text || coalesce(i.ended_at::text, ''), '' order by i.id) from invitations i),
            (select string_agg(r::text, '') from rsvps r),
            (select string_agg(u.name || u.email || u.password_hash, '' order by u.id) from users u),
            (select string_agg(h::text, '') from manual_deliveries h),
            (select string_agg(m.id::text || coalesce(m.committed_at::text, ''), '') from imports m),
            (select string_agg(l::text, '' order by l.line) from import_rows l),
            (select count(*) from sessions where ended_at is not null))";
        sqlx::query_scalar(sql).fetch_one(&self.backend.db).await.unwrap()
    }
}

impl Database<'_> {
    pub async fn events(&self) -> i64 {
        number(self.0, "select count(*) from events", None).await
    }

    pub async fn delete_events(&self) {
        execute(self.0, "delete from events").await;
    }

    /// The names of all guests, sorted.
    pub async fn guest_names(&self) -> Vec<String> {
        sqlx::query_scalar("select name from guests order by name").fetch_all(self.0).await.unwrap()
    }
}
