//! Billing settings: tiers, grace period, Stripe account and prices.

use guestguard::{
    payments::{self, Stripe},
    plan::{Interval, Tier},
};

use super::Reader;

/// Settings of plans and payment.
#[derive(Clone)]
pub struct Billing {
    default_tier: Tier,
    grace_days: u16,
    stripe: Option<Account>,
    /// Signing secrets of Stripe's webhook; several during a rotation.
    pub webhook_secrets: Vec<String>,
}

#[derive(Clone)]
struct Account {
    key: String,
    url: String,
    prices: Vec<(Tier, Interval, String)>,
}

/// Stripe's own address.
const STRIPE: &str = "https://api.stripe.com/";

/// Settings of prices. Each takes ids with commas between them: the first is sold, the others stay valid.
const PRICES: [(Tier, Interval, &str); 4] = [
    (Tier::Pro, Interval::Monthly, "GG_STRIPE_PRICE_PRO_MONTHLY"),
    (Tier::Pro, Interval::Yearly, "GG_STRIPE_PRICE_PRO_YEARLY"),
    (Tier::Business, Interval::Monthly, "GG_STRIPE_PRICE_BUSINESS_MONTHLY"),
    (Tier::Business, Interval::Yearly, "GG_STRIPE_PRICE_BUSINESS_YEARLY"),
];

impl Billing {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let default_tier = match reader.text("GG_DEFAULT_TIER") {
            None => Tier::Business,
            Some(key) => key.parse().unwrap_or_else(|_| {
                reader.error("GG_DEFAULT_TIER", format!("is \"{key}\"; give free, pro or business"));
                Tier::Business
            }),
        };
        let days = match reader.text("GG_BILLING_GRACE_DAYS") {
            Some(_) => reader.number("GG_BILLING_GRACE_DAYS"),
            None => 7,
        };
        let grace_days = u16::try_from(days.min(365)).unwrap_or(365);
        let webhook_secrets = reader.list("GG_STRIPE_WEBHOOK_SECRETS");
        Self { default_tier, grace_days, stripe: Self::stripe(reader, &webhook_secrets), webhook_secrets }
    }

    fn stripe(reader: &mut Reader<'_>, webhook_secrets: &[String]) -> Option<Account> {
        let key = reader.text("GG_STRIPE_SECRET_KEY")?;
        if webhook_secrets.is_empty() {
            reader.error("GG_STRIPE_WEBHOOK_SECRETS", "is missing; set it to the endpoint's signing secret, whsec_…");
        }
        let mut prices = Vec::new();
        for (tier, interval, name) in PRICES {
            let ids = reader.list(name);
            if ids.is_empty() && interval == Interval::Monthly {
                reader.error(name, "is missing; set it to the price's id, price_…");
            }
            prices.extend(ids.into_iter().map(|id| (tier, interval, id)));
        }
        let url = reader.provider("GG_STRIPE_URL", STRIPE)?.to_string();
        Some(Account { key, url, prices })
    }

    /// Origins of Stripe's payment pages, for `form-action` in the content security policy.
    pub fn form_action_origins(&self) -> String {
        match &self.stripe {
            None => String::new(),
            Some(account) if account.url == STRIPE => " https://checkout.stripe.com https://billing.stripe.com".into(),
            Some(account) => format!(" {}", account.url.trim_end_matches('/')),
        }
    }

    /// Builds the billing part of the backend.
    pub fn build(&self) -> anyhow::Result<payments::Billing> {
        let stripe =
            self.stripe.as_ref().map(|account| Stripe::new(&account.url, &account.key, account.prices.clone()));
        Ok(payments::Billing::new(self.default_tier, self.grace_days, stripe.transpose()?))
    }
}
