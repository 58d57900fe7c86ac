drop trigger letters_of_the_living on notifications;
drop trigger sessions_of_the_living on sessions;
drop trigger account_tokens_of_the_living on account_tokens;
drop trigger audit_log_forbid_deleted_account on audit_log;
drop trigger events_of_the_living on events;
drop table data_export_parts, data_exports;
drop function forbid_deleted_account();
drop index notifications_of_guest, accesses_of_guest, rsvp_history_of_guest;
drop trigger erasures_only_grow on erasures;
drop function forbid_change();
drop trigger users_deleted on users;
drop trigger guests_anonymous on guests;
drop function record_anonymisation();
-- The version before knows neither these nor hashes.
delete from erasures where kind in ('anonymous-guest', 'deleted-user');
create or replace function record_erasure() returns trigger language plpgsql as $$
begin
    insert into erasures (id, kind, at) select id, tg_argv[0], clock_timestamp() from gone on conflict (id) do nothing;
    return null;
end $$;
alter table erasures
    drop constraint erasures_pkey,
    add primary key (id),
    drop constraint erasures_kind_check,
    add constraint erasures_kind_check check (kind in ('guest', 'user'));
delete from suppressions where address_hash is not null;
alter table suppressions
    drop constraint suppressions_key,
    drop constraint suppressions_address_or_hash,
    drop column address_hash,
    alter column address set not null,
    add constraint suppressions_key unique nulls not distinct (address, host_id, reason),
    drop constraint suppressions_reason_check,
    add constraint suppressions_reason_check
        check (reason in ('hard-bounce', 'soft-bounces', 'complaint', 'unsubscribed'));
delete from notifications where kind in ('forgotten-soon', 'export-ready');
alter table notifications
    drop column send_began_at,
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in ('invitation', 'confirmation', 'event-changed',
        'event-cancelled', 'reminder', 'verify', 'registered', 'reset', 'locked', 'leave-address', 'take-address',
        'address-changed', 'password-changed', 'session-revoked'));
drop index events_to_anonymise;
alter table events drop column anonymised_at, drop column retention_notice_at, drop column anonymise_at, drop column retention_months;
alter table guests drop constraint guests_erased_whole, drop column erased_at;
alter table sessions drop column reauthenticated_at;
-- Whoever deleted their account stays gone.
delete from users where deleted_at is not null;
drop index users_deleted;
drop index users_email_key;
create unique index users_email_key on users (lower(email));
alter table users drop constraint users_deleted_scrubbed, drop column deleted_at;
