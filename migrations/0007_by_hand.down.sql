create or replace view guest_standings as
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
drop table manual_deliveries;
alter table events drop column manual_delivery_text;
update guests g set status = s.status, heads = s.heads, activity_at = s.activity_at
from guest_standings s where s.host_id = g.host_id and s.id = g.id;
