drop table stripe_prices, subscriptions, billing_customers;
