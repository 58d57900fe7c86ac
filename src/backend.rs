//! Backend: what every verb needs. It knows no feature.

use sqlx::PgPool;
use transports::Transports;

use crate::{
    clock::Clock, links::Links, live::Live, maintenance::Maintenance, payments::Billing, rate_limits::RateLimits,
    redis::Redis, secrets::Secrets,
};

/// What every verb needs. Cheap to clone: all parts are handles.
#[derive(Clone, Debug)]
pub struct Backend {
    pub db: PgPool,
    pub redis: Redis,
    pub clock: Clock,
    pub secrets: Secrets,
    pub live: Live,
    pub rate_limits: RateLimits,
    pub transports: Transports,
    /// Whether invitations of a new host are spread over several days.
    pub warm_up: bool,
    pub links: Links,
    pub billing: Billing,
    pub maintenance: Maintenance,
}
