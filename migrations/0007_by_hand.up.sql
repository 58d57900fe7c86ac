-- Links that hosts hand over themselves, one guest after another: what was done about each link, and the words.

create table manual_deliveries (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    invitation_id uuid not null,
    outcome text not null check (outcome in ('sent', 'skipped')),
    channel text not null check (channel in ('whatsapp', 'sms', 'other')),
    at timestamptz not null,
    primary key (host_id, invitation_id),
    constraint manual_deliveries_invitation_fkey foreign key (host_id, event_id, guest_id, invitation_id)
        references invitations (host_id, event_id, guest_id, id) on delete cascade
);

-- Empty: the words that everybody begins with.
alter table events add column manual_delivery_text text not null default '' check (char_length(manual_delivery_text) <= 1000);

create or replace view guest_standings as
select g.host_id, g.id,
    coalesce(r.answer, case
        when i.id is null then 'not-invited'
        when i.first_opened_at is not null then 'opened'
        when n.state is null then case when h.outcome = 'sent' then 'sent' else 'link-ready' end
        when n.state in ('queued', 'sending') then 'queued'
        when n.state in ('sent', 'delivered') then 'sent'
        when h.outcome = 'sent' then 'sent'
        else 'failed'
    end)::guest_status as status,
    r.heads,
    greatest(g.updated_at, i.issued_at, i.last_opened_at, r.changed_at, h.at) as activity_at
from guests g
left join invitations i on i.host_id = g.host_id and i.guest_id = g.id and i.ended_at is null
left join notifications n on n.host_id = g.host_id and n.guest_id = g.id and n.kind = 'invitation' and n.latest
left join rsvps r on r.host_id = g.host_id and r.guest_id = g.id
left join manual_deliveries h on h.host_id = g.host_id and h.invitation_id = i.id;
