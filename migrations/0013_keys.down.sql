drop index sessions_by_id;
create unique index sessions_by_id on sessions (id);
drop index account_tokens_by_hash;
create unique index account_tokens_by_hash on account_tokens (token_hash);
