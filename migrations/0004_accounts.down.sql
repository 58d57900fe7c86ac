delete from notifications where guest_id is null;
drop index notifications_account;
alter table notifications
    drop constraint notifications_token_fkey,
    drop constraint notifications_concern_guest,
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in ('invitation', 'confirmation')),
    drop column account_token_id,
    alter column guest_id set not null,
    alter column event_id set not null;
drop table audit_log;
drop table account_tokens;
drop table sessions;
drop table sign_in_failures;
alter table users drop column verified_at;
