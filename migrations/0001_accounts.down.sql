drop table audit_log, account_tokens, sessions, sign_in_failures, users;
drop function forbid_deleted_account();
