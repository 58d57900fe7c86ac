//! Business rule checks: uniqueness, capacity, history and status of the rows.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "addresses",
        says: "no two accounts have the same email address",
        sql: "select count(*) from (select from users where deleted_at is null group by lower(email) having count(*) > 1) twice",
    },
    Check {
        name: "plans",
        says: "an account has at most one subscription that grants its plan",
        sql: "select count(*) from (select from subscriptions where grants_tier group by host_id having count(*) > 1) twice",
    },
    Check {
        name: "links",
        says: "a guest has at most one working link",
        sql: "select count(*) from
            (select from invitations where ended_at is null group by host_id, guest_id having count(*) > 1) twice",
    },
    Check {
        name: "messages",
        says: "a guest has at most one latest message of each kind",
        sql: "select count(*) from (select from notifications where latest and guest_id is not null
            group by host_id, guest_id, kind having count(*) > 1) twice",
    },
    // A host may lower the capacity below the seats taken; after that, nobody may take more.
    Check {
        name: "seats",
        says: "no event has more seats taken than its capacity",
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
    Check {
        name: "history",
        says: "every reply is in its guest's history",
        sql: "
            select count(*) from rsvps r join guests g on g.host_id = r.host_id and g.id = r.guest_id
            where not exists (select from rsvp_history c
                where c.host_id = r.host_id and c.guest_id = r.guest_id and c.changed_at = r.changed_at
                    and c.answer = r.answer and c.heads = r.heads)",
    },
    Check {
        name: "guest-status",
        says: "every guest's status matches their link, messages and reply",
        sql: "
            select count(*) from current_guest_status c
            left join guest_status s on s.host_id = c.host_id and s.guest_id = c.guest_id
            where (s.status, s.heads, s.seats, s.name_key, s.deleted)
                is distinct from (c.status, c.heads, c.seats, c.name_key, c.deleted)",
    },
    Check {
        name: "times",
        says: "no time is in the future",
        sql: "
            select (select count(*) from users where created_at > now() + interval '1 hour')
                + (select count(*) from invitations where issued_at > now() + interval '1 hour')
                + (select count(*) from rsvps where changed_at > now() + interval '1 hour')
                + (select count(*) from notifications where created_at > now() + interval '1 hour')",
    },
    Check {
        name: "outbox",
        says: "the outbox has its one pause row",
        sql: "select abs(count(*) - 1) from outbox_pause",
    },
];
