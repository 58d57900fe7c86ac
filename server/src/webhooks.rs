use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use guestguard::{
    backend::Backend,
    billing::subscriptions::{self, StripeEvent},
    error::Error,
    notifications::{provider_events, senders::Aws},
    webhooks::{
        MOST_BYTES, Refused, single,
        sns::{Certificates, Fetch, Kind, Message},
        stripe, svix, twilio,
    },
};

use crate::config::{Config, Environment};

/// Where providers tell what became of messages and of payments, and what proves that it is they.
pub struct Webhooks<F> {
    backend: Backend,
    /// Our own address as providers were told it. Twilio signs it; what a request says of itself is not believed.
    origin: String,
    twilio_tokens: Vec<String>,
    resend_secrets: Vec<String>,
    stripe_secrets: Vec<String>,
    topics: Vec<String>,
    /// Signatures of version 1 rest on SHA-1; test servers know no other.
    allow_v1: bool,
    aws: Option<Aws>,
    certificates: Certificates<F>,
}

impl<F: Fetch + 'static> Webhooks<F> {
    /// Believes whom `config` names; SNS's certificates are had by `fetch`.
    pub fn new(config: &Config, backend: Backend, fetch: F) -> Self {
        Self {
            backend,
            origin: config.public_url.as_str().trim_end_matches('/').to_owned(),
            twilio_tokens: config.messages.twilio_tokens().to_vec(),
            stripe_secrets: config.billing.webhook_secrets.clone(),
            resend_secrets: config.messages.resend_webhook_secrets.clone(),
            topics: config.messages.sns_topics.clone(),
            allow_v1: config.environment == Environment::Development,
            aws: config.messages.aws().cloned(),
            certificates: Certificates::new(fetch),
        }
    }

    /// Their routes.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/webhooks/resend", post(of_resend::<F>))
            .route("/webhooks/ses", post(of_ses::<F>))
            .route("/webhooks/stripe", post(of_stripe::<F>))
            .route("/webhooks/twilio", post(of_twilio::<F>))
            .with_state(Arc::new(self))
    }
}

/// Why a webhook is not answered with 200.
enum Refusal {
    /// It does not prove whose it is. 400, or 403 to Twilio, which takes that as final.
    Unproven(&'static str, Refused),
    /// Ours: it will be told again.
    Later(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Later(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unproven(provider, refused) => {
                tracing::warn!(provider, reason = refused.label(), "a webhook was refused");
                metrics::counter!("webhooks_refused_total", "provider" => provider, "reason" => refused.label())
                    .increment(1);
                match (refused, provider) {
                    (Refused::Unreachable, _) => StatusCode::SERVICE_UNAVAILABLE,
                    (_, "twilio") => StatusCode::FORBIDDEN,
                    _ => StatusCode::BAD_REQUEST,
                }
                .into_response()
            }
            Self::Later(error) => {
                tracing::error!(?error, "a webhook could not be taken in");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// `POST /webhooks/resend`.
async fn of_resend<F: Fetch>(State(hooks): State<Arc<Webhooks<F>>>, request: Request) -> Result<StatusCode, Refusal> {
    let unproven = |refused| Refusal::Unproven("resend", refused);
    let (parts, body) = request.into_parts();
    let body = read(body).await.map_err(unproven)?;
    let named = |name: &str| header_of(&parts.headers, name).ok().flatten();
    let id = svix::verify(&hooks.resend_secrets, named, &body, hooks.backend.clock.now()).map_err(unproven)?;
    let report = provider_events::parse_resend(&id, &body).ok_or(unproven(Refused::Malformed))?;
    provider_events::apply(&hooks.backend, &report).await?;
    Ok(StatusCode::OK)
}

/// `POST /webhooks/twilio?reference=…`.
async fn of_twilio<F: Fetch>(State(hooks): State<Arc<Webhooks<F>>>, request: Request) -> Result<StatusCode, Refusal> {
    let unproven = |refused| Refusal::Unproven("twilio", refused);
    let (parts, body) = request.into_parts();
    let body = read(body).await.map_err(unproven)?;
    let path = parts.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
    let kind = header_of(&parts.headers, header::CONTENT_TYPE.as_str()).map_err(unproven)?.unwrap_or_default();
    let signature = header_of(&parts.headers, "x-twilio-signature").map_err(unproven)?;
    twilio::verify(&hooks.twilio_tokens, &hooks.origin, path, kind, &body, signature).map_err(unproven)?;
    let fields = twilio::pairs(&body).map_err(unproven)?;
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let reference = query.into_owned().find(|(name, _)| name == "reference").map(|(_, reference)| reference);
    let report = provider_events::parse_twilio(&fields, reference.as_deref(), hooks.backend.clock.now());
    let report = report.ok_or(unproven(Refused::Malformed))?;
    provider_events::apply(&hooks.backend, &report).await?;
    Ok(StatusCode::OK)
}

/// `POST /webhooks/ses`: what SES publishes, by SNS.
async fn of_ses<F: Fetch>(State(hooks): State<Arc<Webhooks<F>>>, request: Request) -> Result<StatusCode, Refusal> {
    let unproven = |refused| Refusal::Unproven("ses", refused);
    let (parts, body) = request.into_parts();
    let now = hooks.backend.clock.now();
    let body = read(body).await.map_err(unproven)?;
    let raw = header_of(&parts.headers, "x-amz-sns-rawdelivery").map_err(unproven)?;
    let message = Message::admit(raw, &body, &hooks.topics, now, hooks.allow_v1).map_err(unproven)?;
    let certificate = hooks.certificates.of(&message, now).await.map_err(unproven)?;
    message.verify(&certificate, now).map_err(unproven)?;
    match message.kind() {
        Kind::SubscriptionConfirmation => {
            let aws = hooks.aws.as_ref().ok_or(unproven(Refused::Unconfigured))?;
            let token = message.token().unwrap_or_default();
            provider_events::confirm_subscription(aws, message.topic(), token).await?;
            tracing::info!(topic = message.topic(), "subscribed to what SES publishes");
        }
        Kind::UnsubscribeConfirmation => {
            tracing::error!(topic = message.topic(), "somebody ended our subscription to what SES publishes");
        }
        Kind::Notification => {
            // What is published there by somebody else than SES is not kept.
            if let Some(report) = provider_events::parse_ses(message.id(), message.text()) {
                provider_events::apply(&hooks.backend, &report).await?;
            }
        }
    }
    Ok(StatusCode::OK)
}

/// `POST /webhooks/stripe`.
async fn of_stripe<F: Fetch>(State(hooks): State<Arc<Webhooks<F>>>, request: Request) -> Result<StatusCode, Refusal> {
    let unproven = |refused| Refusal::Unproven("stripe", refused);
    let (parts, body) = request.into_parts();
    let body = read(body).await.map_err(unproven)?;
    let signature = header_of(&parts.headers, "stripe-signature").map_err(unproven)?;
    stripe::verify(&hooks.stripe_secrets, signature, &body, hooks.backend.clock.now()).map_err(unproven)?;
    let event = StripeEvent::read(&body).ok_or(unproven(Refused::Malformed))?;
    let account = hooks.backend.billing.stripe.as_ref().ok_or(unproven(Refused::Unconfigured))?;
    subscriptions::handle_event(&hooks.backend, account, &event).await?;
    Ok(StatusCode::OK)
}

async fn read(body: Body) -> Result<Bytes, Refused> {
    to_bytes(body, MOST_BYTES).await.map_err(|_| Refused::TooLarge)
}

fn header_of<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refused> {
    single(headers.get_all(name).iter().map(|value| value.as_bytes()))
}
