alter table users
    drop column terms_version,
    drop column terms_accepted_at,
    drop column privacy_policy_version,
    drop column privacy_policy_accepted_at;
