-- Guest status: how far each guest is, from not invited to replied, with head count and last activity. Derived from guests,
-- invitations, notifications and RSVPs; the verbs that change those refresh it (src/guests/status.rs). A narrow table, so that
-- opening a link rewrites one small row and no index. What the guest table sorts by stands here as well, so that one index gives
-- a page.

create type guest_status_value as enum
    ('not-invited', 'link-ready', 'queued', 'failed', 'sent', 'opened', 'attending', 'maybe', 'declined');

create table guest_status (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    status guest_status_value not null,
    heads integer,
    -- The head count, or the party size until there is one.
    seats integer not null,
    last_activity_at timestamptz not null,
    name_key text not null,
    deleted boolean not null,
    primary key (host_id, guest_id),
    constraint guest_status_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
create index guest_status_by_status on guest_status (host_id, event_id, status, name_key, guest_id) where not deleted;
create index guest_status_by_seats on guest_status (host_id, event_id, seats, name_key, guest_id) where not deleted;
create statistics guest_status_event_names_host (dependencies) on host_id, event_id from guest_status;

-- The one definition, which guest_status copies.
create view current_guest_status as
select g.host_id, g.event_id, g.id as guest_id,
    coalesce(r.answer, case
        when i.id is null then 'not-invited'
        when i.first_opened_at is not null then 'opened'
        when n.state is null then case when d.outcome = 'sent' then 'sent' else 'link-ready' end
        when n.state in ('queued', 'sending') then 'queued'
        when n.state in ('sent', 'delivered') then 'sent'
        when d.outcome = 'sent' then 'sent'
        else 'failed'
    end)::guest_status_value as status,
    r.heads,
    coalesce(r.heads, g.party_size) as seats,
    greatest(g.updated_at, i.issued_at, i.last_opened_at, r.changed_at, d.at) as last_activity_at,
    g.name_key,
    g.deleted_at is not null as deleted
from guests g
left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
left join notifications n on n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest
left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
left join manual_deliveries d on d.host_id = g.host_id and d.invitation_id = i.id;

insert into guest_status select * from current_guest_status;
