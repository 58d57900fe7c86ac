//! Bulk data, inserted past the application.

use sqlx::PgPool;

use super::{super::App, Database, execute};

impl App {
    /// Adds `count` guests to each event.
    pub async fn add_guests(&self, count: i64) {
        let sql = "insert into guests (host_id, event_id, id, name, party_size, created_at, updated_at)
            select host_id, id, gen_random_uuid(), 'Guest ' || n, 1, now(), now() from events, generate_series(1, $1) n";
        sqlx::query(sql).bind(count).execute(&self.backend.db).await.unwrap();
    }

    /// Adds ten events of a thousand guests each, all with an invitation, an access, messages and a reply.
    pub async fn add_ten_thousand_guests(&self) {
        sqlx::raw_sql(TEN_THOUSAND_GUESTS).execute(&self.backend.db).await.unwrap();
    }
}

impl Database<'_> {
    /// Adds as many provider events as `count`, each with as many hashes as `hashes`.
    pub async fn add_webhook_events(&self, count: i32, hashes: i32) {
        let sql = "insert into webhook_events select 'stripe', n::text, 'x', now(),
                (select jsonb_agg(encode(sha256((n * 1000 + m)::text::bytea), 'hex')) from generate_series(1, $2) m)
            from generate_series(1, $1) n";
        sqlx::query(sql).bind(count).bind(hashes).execute(self.0).await.unwrap();
    }
}

/// Adds a guest with a reply to each event, in one transaction, again and again.
pub async fn keep_adding_guests_with_replies(db: PgPool) {
    let sql = "with g as (
            insert into guests (host_id, event_id, id, name, party_size, created_at, updated_at)
            select host_id, id, gen_random_uuid(), 'Guest', 1, now(), now() from events returning host_id, event_id, id
        )
        insert into rsvps select host_id, event_id, id, 'maybe', 1, '{}', '', now(), now() from g";
    loop {
        execute(&db, sql).await;
    }
}

const TEN_THOUSAND_GUESTS: &str = "
    insert into events (host_id, id, title, starts_at, time_zone, theme, created_at, updated_at)
        select u.id, gen_random_uuid(), 'Event ' || n, now() + interval '30 days', 'Europe/Berlin', 'garden', now(), now()
        from users u, generate_series(1, 10) n;
    insert into guests (host_id, event_id, id, name, email, phone, party_size, tags, note, created_at, updated_at)
        select host_id, id, gen_random_uuid(), 'Guest \"Number\" ' || n, 'guest' || n || '@example.org', '+447911' || (100000 + n), 2,
            array['Family', 'Table ' || n % 20], 'Line one' || E'\\n' || 'line two', now(), now() from events, generate_series(1, 1000) n;
    insert into invitations (host_id, event_id, guest_id, id, token_hash, token_sealed, issued_at)
        select host_id, event_id, id, gen_random_uuid(), sha256(id::text::bytea), '\\x00', now() from guests;
    insert into accesses (host_id, event_id, guest_id, invitation_id, id, opened_at, device)
        select host_id, event_id, guest_id, id, gen_random_uuid(), now(), 'phone' from invitations;
    insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, created_at, state_changed_at, run_at, expires_at)
        select host_id, event_id, id, gen_random_uuid(), kind, email, 'delivered', now(), now(), now(), now()
        from guests, unnest(array['invitation', 'confirmation']) kind;
    insert into delivery_events select host_id, id, gen_random_uuid(), now(), 'sent', '' from notifications;
    insert into rsvps select host_id, event_id, id, 'attending', 2, array['Companion'], 'Thank you', now(), now() from guests;
    insert into rsvp_history select host_id, event_id, id, gen_random_uuid(), 'attending', 2, array['Companion'], 'Thank you', now() from guests;";
