use aws_sdk_sesv2::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use super::PATIENCE;

/// How Amazon's services are reached.
#[derive(Clone)]
pub struct Aws {
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    /// Another address than Amazon's, for tests.
    pub endpoint: Option<String>,
}

impl Aws {
    /// The same for Amazon's SDK.
    pub(in crate::notifications) fn config(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.access_key, &self.secret_key, None, None, "settings");
        let tls = Provider::Rustls(CryptoMode::Ring);
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Builder::new().tls_provider(tls).build_https())
            // Our queue tries again, with what it knows of the message.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build());
        config.set_endpoint_url(self.endpoint.clone());
        config.build()
    }
}
