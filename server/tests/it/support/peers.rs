//! Fake AWS services, and signed webhooks.

use std::{
    collections::HashMap,
    io::Write,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use provider_webhooks::{WebhookError, sns::Fetch};
use serde_json::Value;
use tokio::process::{Child, Command};

use super::{eventually, node::free_address};

/// A Python with the packages of `server/tests/peers/requirements.txt`. `bin/tools peers` installs it.
pub fn python() -> PathBuf {
    let tools = std::env::var("GG_TOOLS_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.local/tools"));
    let python = tools.join("python/bin/python");
    assert!(python.exists(), "{} is missing; run bin/tools peers", python.display());
    python
}

/// Fake AWS services (moto).
pub struct Amazon {
    pub endpoint: String,
    _process: Child,
}

impl Amazon {
    /// Starts an account in which the address `sender` is verified.
    pub async fn start(sender: &str) -> Self {
        let address = free_address().await;
        let (host, port) = address.split_once(':').unwrap();
        let mut command = Command::new(python());
        command.args(["-m", "moto.server", "-H", host, "-p", port]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let amazon = Self { endpoint: format!("http://{address}"), _process: process };
        let verify = format!("Action=VerifyEmailIdentity&EmailAddress={sender}");
        eventually(async || amazon.call("ses", verify.clone()).await.is_some()).await;
        amazon
    }

    /// Calls a service as the account's owner. moto checks no signature.
    pub async fn call(&self, service: &str, action: String) -> Option<String> {
        let credential = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
        let request = reqwest::Client::new()
            .post(&self.endpoint)
            .header("authorization", format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=x"))
            .header("content-type", "application/x-www-form-urlencoded");
        request.body(action).send().await.ok()?.error_for_status().ok()?.text().await.ok()
    }

    /// The settings of a node that uses it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("GG_SES_REGION", "us-east-1".into()),
            ("GG_SES_ENDPOINT", self.endpoint.clone()),
            ("GG_SES_ACCESS_KEY_ID", "test".into()),
            ("GG_SES_SECRET_ACCESS_KEY", "test".into()),
            ("GG_SES_TOPICS", "arn:aws:sns:us-east-1:123456789012:mail".into()),
        ]
    }

    /// The emails that it accepted, in moto's format.
    pub async fn emails(&self) -> Vec<Value> {
        let response = reqwest::get(format!("{}/moto-api/data.json", self.endpoint)).await.unwrap();
        let data: Value = response.json().await.unwrap();
        let all = data["ses"].as_object().into_iter().flatten();
        all.filter(|(kind, _)| kind.ends_with("Message"))
            .flat_map(|(_, found)| found.as_array().cloned().unwrap_or_default())
            .collect()
    }
}

/// A source of SNS certificates that fetches nothing and counts requests.
#[derive(Clone, Default)]
pub struct Certificates {
    pem: Arc<Mutex<String>>,
    fetches: Arc<AtomicUsize>,
}

impl Certificates {
    /// Sets the certificate of every address.
    pub fn set(&self, pem: &str) {
        *self.pem.lock().unwrap() = pem.to_owned();
    }

    /// How often a certificate was fetched.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl Fetch for Certificates {
    async fn fetch(&self, _: &str) -> Result<Vec<u8>, WebhookError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        Ok(self.pem.lock().unwrap().clone().into_bytes())
    }
}

/// A signed webhook.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Signed {
    headers: HashMap<String, String>,
    pub body: String,
    /// The certificate of an SNS signature.
    #[serde(default)]
    pub pem: String,
}

/// Signs webhooks with the providers' own Python packages (`server/tests/peers/sign_these.py`).
pub fn sign(requests: &[Value]) -> Vec<Signed> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/sign_these.py");
    let mut command = std::process::Command::new(python());
    let mut signer = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input: String = requests.iter().map(|request| format!("{request}\n")).collect();
    signer.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let signed = signer.wait_with_output().unwrap();
    let lines = String::from_utf8(signed.stdout).unwrap();
    let signed: Vec<Signed> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(signed.len(), requests.len());
    signed
}

impl Signed {
    /// Sends it. Returns the status of the response, whose body is always empty.
    pub async fn post(&self, url: &str) -> u16 {
        let mut request = reqwest::Client::new().post(url).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(response.text().await.unwrap(), "", "{status}");
        status
    }

    /// The same with another body.
    pub fn with(&self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self.clone() }
    }
}
