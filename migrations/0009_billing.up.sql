-- Billing: a copy of what Stripe knows.

-- An account's one customer at Stripe.
create table billing_customers (
    host_id uuid primary key references users (id) on delete cascade,
    stripe_id text not null unique check (char_length(stripe_id) <= 100),
    created_at timestamptz not null
);

create table subscriptions (
    host_id uuid not null references users (id) on delete cascade,
    stripe_id text not null unique check (char_length(stripe_id) <= 100),
    item_id text not null check (char_length(item_id) <= 100),
    -- Free for a price we do not know.
    tier text not null check (tier in ('free', 'pro', 'business')),
    billing_interval text not null check (billing_interval in ('monthly', 'yearly')),
    status text not null check (status in ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled',
        'unpaid', 'paused')),
    period_end timestamptz,
    cancel_at_period_end boolean not null,
    past_due_since timestamptz,
    -- The one subscription that gives the account its tier.
    grants_tier boolean not null default false,
    -- The newest event applied: its time, its rank among events of one time, and its id.
    event_at timestamptz not null,
    event_rank smallint not null,
    stripe_event_id text not null,
    primary key (host_id, stripe_id),
    constraint subscriptions_past_due check ((status = 'past_due') = (past_due_since is not null))
);
create unique index subscriptions_granting_tier on subscriptions (host_id) where grants_tier;

-- Our prices, so that no page waits for Stripe.
create table stripe_prices (
    id text primary key check (char_length(id) <= 100),
    currency text not null check (char_length(currency) = 3),
    -- In the currency's smallest unit.
    amount bigint not null,
    fetched_at timestamptz not null
);
