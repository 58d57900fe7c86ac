//! Signature verification against the providers' own Python packages: their signatures are valid, and invalid after one bit
//! is changed.
//!
//! `GG_SEED` chooses other cases.

use std::{collections::HashMap, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use provider_webhooks::{WebhookError, sns, stripe, svix, twilio};
use serde::Deserialize;
use serde_json::Value;

mod flips;

use flips::{Dice, Tally};

use crate::support::python;

const CASES: usize = 1000;

/// A webhook as `server/tests/peers/sign.py` prints it.
#[derive(Clone, Debug, Deserialize)]
struct Case {
    body: String,
    headers: HashMap<String, String>,
    /// The valid signature, part of a header.
    signature: String,
    now: i64,
    secrets: Vec<String>,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    topics: Vec<String>,
    #[serde(default)]
    pem: String,
}

impl Case {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.now, 0).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.body).unwrap()
    }

    fn with_body(&self, body: &[u8]) -> Self {
        Self { body: BASE64_STANDARD.encode(body), ..self.clone() }
    }

    fn with_header(&self, name: &str, value: String) -> Self {
        let mut changed = self.clone();
        changed.headers.insert(name.to_owned(), value);
        changed
    }
}

fn seed() -> u64 {
    std::env::var("GG_SEED").map_or(1, |seed| seed.parse().unwrap())
}

fn cases(scheme: &str) -> Vec<Case> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/sign.py");
    let arguments = [script, scheme, &CASES.to_string(), &seed().to_string()];
    let output = Command::new(python()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let cases: Vec<Case> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), CASES);
    cases
}

/// Checks that every case is valid, and invalid after each of `flips` that finds a bit to change.
fn agree(scheme: &str, verify: impl Fn(&Case) -> Result<(), WebhookError>, flips: &[(&str, Flip)]) {
    let mut dice = Dice::new(seed());
    let mut tally = Tally::default();
    for (number, case) in cases(scheme).iter().enumerate() {
        assert_eq!(verify(case), Ok(()), "{scheme} {number}: {case:?}");
        for (part, flip) in flips {
            match flip(case, &mut dice) {
                Some(changed) => {
                    tally.count(part, verify(&changed).expect_err(&format!("{scheme} {part} {changed:?}")))
                }
                None => tally.skip(part),
            }
        }
    }
    println!("{scheme}, seed {}: {CASES} passed; {tally}", seed());
}

/// The webhook with one bit changed so that it means something else, if there is such a bit.
type Flip = fn(&Case, &mut Dice) -> Option<Case>;

fn body(case: &Case, dice: &mut Dice) -> Option<Case> {
    dice.flip_bytes(&case.bytes(), |_, _| true).map(|body| case.with_body(&body))
}

/// Changes `part` of a header.
fn in_header(case: &Case, dice: &mut Dice, name: &str, part: &str) -> Option<Case> {
    let value = case.header(name).unwrap();
    let changed = dice.flip_text(part)?;
    let start = value.find(part).unwrap();
    Some(case.with_header(name, [&value[..start], &changed, &value[start + part.len()..]].concat()))
}

#[test]
fn twilio_agrees_with_its_own_package() {
    let verify = |case: &Case| {
        let signature = case.header("x-twilio-signature");
        twilio::verify(&case.secrets, &case.origin, &case.path, &case.kind, &case.bytes(), signature)
    };
    agree(
        "twilio",
        verify,
        &[
            ("body", |case, dice| {
                let form = case.kind.starts_with("application/x-www-form-urlencoded");
                let means_other = |before: &[u8], after: &[u8]| !form || flips::pairs(before) != flips::pairs(after);
                dice.flip_bytes(&case.bytes(), means_other).map(|body| case.with_body(&body))
            }),
            ("signature", |case, dice| in_header(case, dice, "x-twilio-signature", &case.signature)),
            ("address", |case, dice| Some(Case { path: dice.flip_text(&case.path)?, ..case.clone() })),
        ],
    );
}

fn verify_svix(case: &Case) -> Result<(), WebhookError> {
    let id = svix::verify(&case.secrets, |name| case.header(name), &case.bytes(), case.now())?;
    assert_eq!(Some(&*id), case.header("svix-id").or(case.header("webhook-id")));
    assert!(case.secrets.iter().all(|secret| svix::is_secret(secret)));
    Ok(())
}

#[test]
fn svix_agrees_with_its_own_package() {
    agree(
        "svix",
        verify_svix,
        &[
            ("body", body),
            ("id", |case, dice| in_header(case, dice, "svix-id", case.header("svix-id")?)),
            ("timestamp", |case, dice| in_header(case, dice, "svix-timestamp", case.header("svix-timestamp")?)),
            ("signature", |case, dice| in_header(case, dice, "svix-signature", &case.signature)),
        ],
    );
}

#[test]
fn standard_webhooks_agrees_with_its_own_package() {
    agree(
        "standardwebhooks",
        verify_svix,
        &[
            ("body", body),
            ("id", |case, dice| in_header(case, dice, "webhook-id", case.header("webhook-id")?)),
            ("timestamp", |case, dice| in_header(case, dice, "webhook-timestamp", case.header("webhook-timestamp")?)),
            ("signature", |case, dice| in_header(case, dice, "webhook-signature", &case.signature)),
        ],
    );
}

#[test]
fn stripe_agrees_with_its_own_package() {
    let verify =
        |case: &Case| stripe::verify(&case.secrets, case.header("stripe-signature"), &case.bytes(), case.now());
    agree(
        "stripe",
        verify,
        &[
            ("body", body),
            ("timestamp", |case, dice| {
                let mut entries = case.header("stripe-signature")?.split(',');
                let time = entries.find(|entry| entry.starts_with("t="))?.to_owned();
                in_header(case, dice, "stripe-signature", &time)
            }),
            ("signature", |case, dice| in_header(case, dice, "stripe-signature", &case.signature)),
        ],
    );
}

#[test]
fn sns_agrees_with_an_rsa_signer() {
    let verify = |case: &Case| {
        let message = sns::SnsMessage::parse(None, &case.bytes(), &case.topics, case.now(), true)?;
        message.verify(&sns::Certificate::parse(case.pem.as_bytes())?, case.now())
    };
    agree(
        "sns",
        verify,
        &[
            ("body", |case, dice| {
                let changed =
                    dice.flip_bytes(&case.bytes(), |before, after| flips::signed(before) != flips::signed(after));
                changed.map(|body| case.with_body(&body))
            }),
            ("id", |case, dice| in_field(case, dice, "MessageId")),
            ("timestamp", |case, dice| in_field(case, dice, "Timestamp")),
            ("signature", |case, dice| in_field(case, dice, "Signature")),
        ],
    );
}

fn in_field(case: &Case, dice: &mut Dice, name: &str) -> Option<Case> {
    let mut message: Value = serde_json::from_slice(&case.bytes()).unwrap();
    message[name] = dice.flip_text(message[name].as_str()?)?.into();
    Some(case.with_body(message.to_string().as_bytes()))
}
