use super::Rule;

/// What the product's rules promise of its rows.
pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "addresses",
        says: "no two accounts have one e-mail address",
        sql: "select count(*) from (select from users where deleted_at is null group by lower(email) having count(*) > 1) twice",
    },
    Rule {
        name: "plans",
        says: "at most one subscription grants an account its plan",
        sql: "select count(*) from (select from subscriptions where grants group by host_id having count(*) > 1) twice",
    },
    Rule {
        name: "links",
        says: "a guest has at most one link that opens",
        sql: "select count(*) from
            (select from invitations where ended_at is null group by host_id, guest_id having count(*) > 1) twice",
    },
    Rule {
        name: "messages",
        says: "a guest has at most one latest message of a kind",
        sql: "select count(*) from (select from notifications where latest and guest_id is not null
            group by host_id, guest_id, kind having count(*) > 1) twice",
    },
    // A host may lower the seats below what is taken; after that nobody may take more.
    Rule {
        name: "seats",
        says: "no seats were given beyond an event's capacity",
        sql: "
            with changes as (
                select host_id, event_id, changed_at, answer, heads,
                    lag(case answer when 'attending' then heads else 0 end, 1, 0)
                        over (partition by host_id, guest_id order by changed_at, id) as before
                from rsvp_history
            )
            select count(*) from events e
            where e.capacity is not null
                and e.capacity < (select coalesce(sum(r.heads), 0) from rsvps r
                    join guests g on g.host_id = r.host_id and g.id = r.guest_id
                    where r.host_id = e.host_id and r.event_id = e.id and r.answer = 'attending' and g.deleted_at is null)
                and exists (select from changes c where c.host_id = e.host_id and c.event_id = e.id
                    and c.answer = 'attending' and c.heads > c.before and c.changed_at > e.updated_at)",
    },
    Rule {
        name: "history",
        says: "every answer stands in its guest's history",
        sql: "
            select count(*) from rsvps r join guests g on g.host_id = r.host_id and g.id = r.guest_id
            where not exists (select from rsvp_history c
                where c.host_id = r.host_id and c.guest_id = r.guest_id and c.changed_at = r.changed_at
                    and c.answer = r.answer and c.heads = r.heads)",
    },
    Rule {
        name: "standings",
        says: "every guest's status is what their link, messages and answer say",
        sql: "
            select count(*) from guests g join guest_standings s on s.host_id = g.host_id and s.id = g.id
            where (g.status, g.heads) is distinct from (s.status, s.heads)",
    },
    Rule {
        name: "times",
        says: "nothing happened in the future",
        sql: "
            select (select count(*) from users where created_at > now() + interval '1 hour')
                + (select count(*) from invitations where issued_at > now() + interval '1 hour')
                + (select count(*) from rsvps where changed_at > now() + interval '1 hour')
                + (select count(*) from notifications where created_at > now() + interval '1 hour')",
    },
    Rule {
        name: "outbox",
        says: "the outbox has its one switch",
        sql: "select abs(count(*) - 1) from outbox_pause",
    },
];
