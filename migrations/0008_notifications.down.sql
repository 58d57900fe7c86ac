alter table events drop column sms_after_bounce, drop column sms_after_days;
delete from notifications where channel = 'sms';
alter table users drop column sending_paused;
alter table notifications drop column reminder_id;
drop table reminder_rules, message_templates, outbox_pause, webhook_events, suppressions, delivery_events;
drop index notifications_waiting, notifications_leased, notifications_by_provider, notifications_to;
delete from notifications where kind in ('event-changed', 'event-cancelled', 'reminder');
alter table notifications
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in ('invitation', 'confirmation', 'verify', 'registered',
        'reset', 'locked', 'leave-address', 'take-address', 'address-changed', 'password-changed', 'session-revoked')),
    drop constraint notifications_sending_leased,
    drop column channel,
    drop column run_at,
    drop column expires_at,
    drop column lease_owner,
    drop column lease_until,
    drop column provider,
    drop column provider_id,
    drop column bounce_type,
    drop column delivered_at,
    drop column opened_at;
