//! Provider webhooks: verifies signatures of Resend, Twilio, SES and Stripe, and applies what they report.

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
    notifications::provider_events,
};
use provider_webhooks::{
    MAX_BODY, WebhookError, single,
    sns::{Certificates, Fetch, SnsMessage, SnsMessageType},
    stripe, svix, twilio,
};
use transports::Aws;

use crate::config::{Config, Environment};

/// The state of the webhook routes: the secrets that verify signatures.
pub struct Webhooks<F> {
    backend: Backend,
    /// Our public origin. Twilio signs it; a request's `Host` header can be forged.
    origin: String,
    twilio_tokens: Vec<String>,
    resend_secrets: Vec<String>,
    stripe_secrets: Vec<String>,
    sns_topics: Vec<String>,
    /// Version 1 signatures use SHA-1; test servers support no other.
    allow_sns_v1: bool,
    aws: Option<Aws>,
    certificates: Certificates<F>,
}

impl<F: Fetch + 'static> Webhooks<F> {
    /// Takes the secrets from `config`; `fetch` fetches the certificates of SNS.
    pub fn new(config: &Config, backend: Backend, fetch: F) -> Self {
        Self {
            backend,
            origin: config.public_url.as_str().trim_end_matches('/').to_owned(),
            twilio_tokens: config.messages.twilio_tokens().to_vec(),
            stripe_secrets: config.billing.webhook_secrets.clone(),
            resend_secrets: config.messages.resend_webhook_secrets.clone(),
            sns_topics: config.messages.sns_topics.clone(),
            allow_sns_v1: config.environment == Environment::Development,
            aws: config.messages.aws().cloned(),
            certificates: Certificates::new(fetch),
        }
    }

    pub fn routes(self) -> Router {
        Router::new()
            .route("/webhooks/resend", post(receive_resend::<F>))
            .route("/webhooks/ses", post(receive_ses::<F>))
            .route("/webhooks/stripe", post(receive_stripe::<F>))
            .route("/webhooks/twilio", post(receive_twilio::<F>))
            .with_state(Arc::new(self))
    }
}

/// Why a webhook fails.
enum WebhookFailure {
    /// Verification failed: 400, or 403 to Twilio, which then does not retry.
    Rejected { provider: &'static str, error: WebhookError },
    /// Our own error: 503, so that the provider retries.
    Internal(Error),
}

impl From<Error> for WebhookFailure {
    fn from(error: Error) -> Self {
        Self::Internal(error)
    }
}

impl IntoResponse for WebhookFailure {
    fn into_response(self) -> Response {
        match self {
            Self::Rejected { provider, error } => {
                tracing::warn!(provider, reason = error.label(), "a webhook was refused");
                metrics::counter!("webhooks_refused_total", "provider" => provider, "reason" => error.label())
                    .increment(1);
                match (error, provider) {
                    (WebhookError::CertificateUnavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
                    (_, "twilio") => StatusCode::FORBIDDEN,
                    _ => StatusCode::BAD_REQUEST,
                }
                .into_response()
            }
            Self::Internal(error) => {
                tracing::error!(?error, "a webhook could not be processed");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// `POST /webhooks/resend`.
async fn receive_resend<F: Fetch>(
    State(webhooks): State<Arc<Webhooks<F>>>,
    request: Request,
) -> Result<StatusCode, WebhookFailure> {
    let rejected = |error| WebhookFailure::Rejected { provider: "resend", error };
    let (parts, body) = request.into_parts();
    let body = read_body(body).await.map_err(rejected)?;
    let header_named = |name: &str| header_value(&parts.headers, name).ok().flatten();
    let id =
        svix::verify(&webhooks.resend_secrets, header_named, &body, webhooks.backend.clock.now()).map_err(rejected)?;
    let report = provider_events::parse_resend(&id, &body).ok_or(rejected(WebhookError::Malformed))?;
    provider_events::apply(&webhooks.backend, &report).await?;
    Ok(StatusCode::OK)
}

/// `POST /webhooks/twilio?reference=…`.
async fn receive_twilio<F: Fetch>(
    State(webhooks): State<Arc<Webhooks<F>>>,
    request: Request,
) -> Result<StatusCode, WebhookFailure> {
    let rejected = |error| WebhookFailure::Rejected { provider: "twilio", error };
    let (parts, body) = request.into_parts();
    let body = read_body(body).await.map_err(rejected)?;
    let path = parts.uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
    let content_type =
        header_value(&parts.headers, header::CONTENT_TYPE.as_str()).map_err(rejected)?.unwrap_or_default();
    let signature = header_value(&parts.headers, "x-twilio-signature").map_err(rejected)?;
    twilio::verify(&webhooks.twilio_tokens, &webhooks.origin, path, content_type, &body, signature)
        .map_err(rejected)?;
    let fields = twilio::parse_form(&body).map_err(rejected)?;
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let reference = query.into_owned().find(|(name, _)| name == "reference").map(|(_, reference)| reference);
    let report = provider_events::parse_twilio(&fields, reference.as_deref(), webhooks.backend.clock.now());
    let report = report.ok_or(rejected(WebhookError::Malformed))?;
    provider_events::apply(&webhooks.backend, &report).await?;
    Ok(StatusCode::OK)
}

/// `POST /webhooks/ses`: SES events, delivered by SNS.
async fn receive_ses<F: Fetch>(
    State(webhooks): State<Arc<Webhooks<F>>>,
    request: Request,
) -> Result<StatusCode, WebhookFailure> {
    let rejected = |error| WebhookFailure::Rejected { provider: "ses", error };
    let (parts, body) = request.into_parts();
    let now = webhooks.backend.clock.now();
    let body = read_body(body).await.map_err(rejected)?;
    let raw_delivery = header_value(&parts.headers, "x-amz-sns-rawdelivery").map_err(rejected)?;
    let message =
        SnsMessage::parse(raw_delivery, &body, &webhooks.sns_topics, now, webhooks.allow_sns_v1).map_err(rejected)?;
    let certificate = webhooks.certificates.get(&message, now).await.map_err(rejected)?;
    message.verify(&certificate, now).map_err(rejected)?;
    match message.message_type() {
        SnsMessageType::SubscriptionConfirmation => {
            let aws = webhooks.aws.as_ref().ok_or(rejected(WebhookError::Unconfigured))?;
            let token = message.token().unwrap_or_default();
            aws.confirm_sns_subscription(message.topic(), token).await.map_err(Error::from)?;
            tracing::info!(topic = message.topic(), "confirmed the subscription to SES events");
        }
        SnsMessageType::UnsubscribeConfirmation => {
            tracing::error!(topic = message.topic(), "somebody ended our subscription to SES events");
        }
        SnsMessageType::Notification => {
            // Others than SES can publish to the topic too; ignore them.
            if let Some(report) = provider_events::parse_ses(message.id(), message.text()) {
                provider_events::apply(&webhooks.backend, &report).await?;
            }
        }
    }
    Ok(StatusCode::OK)
}

/// `POST /webhooks/stripe`.
async fn receive_stripe<F: Fetch>(
    State(webhooks): State<Arc<Webhooks<F>>>,
    request: Request,
) -> Result<StatusCode, WebhookFailure> {
    let rejected = |error| WebhookFailure::Rejected { provider: "stripe", error };
    let (parts, body) = request.into_parts();
    let body = read_body(body).await.map_err(rejected)?;
    let signature = header_value(&parts.headers, "stripe-signature").map_err(rejected)?;
    stripe::verify(&webhooks.stripe_secrets, signature, &body, webhooks.backend.clock.now()).map_err(rejected)?;
    let event = StripeEvent::read(&body).ok_or(rejected(WebhookError::Malformed))?;
    let account = webhooks.backend.billing.stripe.as_ref().ok_or(rejected(WebhookError::Unconfigured))?;
    subscriptions::handle_event(&webhooks.backend, account, &event).await?;
    Ok(StatusCode::OK)
}

async fn read_body(body: Body) -> Result<Bytes, WebhookError> {
    to_bytes(body, MAX_BODY).await.map_err(|_| WebhookError::TooLarge)
}

fn header_value<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, WebhookError> {
    single(headers.get_all(name).iter().map(|value| value.as_bytes()))
}
