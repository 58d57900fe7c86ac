-- What a host agreed to, and when. Null: nothing yet, as for accounts from before.
alter table users
    add column terms_version text check (char_length(terms_version) <= 20),
    add column terms_accepted_at timestamptz,
    add column privacy_policy_version text check (char_length(privacy_policy_version) <= 20),
    add column privacy_policy_accepted_at timestamptz,
    add constraint users_terms_whole check ((terms_version is null) = (terms_accepted_at is null)),
    add constraint users_privacy_policy_whole
        check ((privacy_policy_version is null) = (privacy_policy_accepted_at is null));
