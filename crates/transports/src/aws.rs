//! Amazon account: credentials and region for SES and SNS.

use aws_sdk_sesv2::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_sns::error::DisplayErrorContext;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use crate::TIMEOUT;

/// Region and credentials of an Amazon account.
#[derive(Clone)]
pub struct Aws {
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    /// The URL of a test server, instead of Amazon's.
    pub endpoint: Option<String>,
}

impl Aws {
    pub(crate) fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.access_key, &self.secret_key, None, None, "settings");
        let tls = Provider::Rustls(CryptoMode::Ring);
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Builder::new().tls_provider(tls).build_https())
            // The caller retries.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(TIMEOUT).build());
        config.set_endpoint_url(self.endpoint.clone());
        config.build()
    }

    /// Confirms a subscription to an SNS topic through the API, so that the URL in the message is never opened. From then on
    /// only the account's owner can unsubscribe.
    pub async fn confirm_sns_subscription(&self, topic: &str, token: &str) -> anyhow::Result<()> {
        let client = aws_sdk_sns::Client::new(&self.sdk_config());
        let request = client.confirm_subscription().topic_arn(topic).token(token).authenticate_on_unsubscribe("true");
        let response = request.send().await;
        response.map_err(|error| anyhow::anyhow!("SNS did not confirm: {}", DisplayErrorContext(error)))?;
        Ok(())
    }
}
