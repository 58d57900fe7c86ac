-- Where each guest stands, kept beside the guest, so that the table of a large event sorts, filters and searches by index.

create type guest_status as enum
    ('not-invited', 'link-ready', 'queued', 'failed', 'sent', 'opened', 'attending', 'maybe', 'declined');

-- The one definition of it. What stands in `guests` is a copy, taken whenever a link, a message or an answer changes.
create view guest_standings as
select g.host_id, g.id,
    coalesce(r.answer, case
        when i.id is null then 'not-invited'
        when i.first_opened_at is not null then 'opened'
        when n.state is null then 'link-ready'
        when n.state in ('queued', 'sending') then 'queued'
        when n.state in ('sent', 'delivered') then 'sent'
        else 'failed'
    end)::guest_status as status,
    r.heads,
    greatest(g.updated_at, i.issued_at, i.last_opened_at, r.changed_at) as activity_at
from guests g
left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
left join notifications n on n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest
left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id;

alter table guests
    add column status guest_status not null default 'not-invited',
    add column heads integer,
    add column activity_at timestamptz not null default now(),
    add column name_key text not null generated always as (lower(name)) stored,
    add column seats integer not null generated always as (coalesce(heads, party_size)) stored,
    add column search text not null generated always as
        (lower(name || E'\n' || coalesce(email, '') || E'\n' || coalesce(phone, '') || E'\n' || note)) stored;
update guests g set status = s.status, heads = s.heads, activity_at = s.activity_at
from guest_standings s where s.host_id = g.host_id and s.id = g.id;

drop index guests_of_event;
create index guests_by_name on guests (host_id, event_id, name_key, id) where deleted_at is null;
create index guests_by_status on guests (host_id, event_id, status, name_key, id) where deleted_at is null;
create index guests_by_seats on guests (host_id, event_id, seats, name_key, id) where deleted_at is null;
create index guests_by_activity on guests (host_id, event_id, activity_at, id) where deleted_at is null;
create index guests_tagged on guests (host_id, event_id) include (tags) where deleted_at is null and tags <> '{}';
create statistics guests_event_names_host (dependencies) on host_id, event_id from guests;
