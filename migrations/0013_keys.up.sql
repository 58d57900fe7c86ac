-- Random values do not repeat, so nothing is lost, and a key that lacks the account would keep these tables on one server
-- (docs/SCALING.md, bin/distribution).
drop index sessions_by_id;
create index sessions_by_id on sessions (id);
drop index account_tokens_by_hash;
create index account_tokens_by_hash on account_tokens (token_hash);
