//! Changes of one random bit, repeatable by a seed, and what each change means. The verifiers' code is not used.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use provider_webhooks::WebhookError;
use serde_json::Value;

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % u64::try_from(limit).unwrap()).unwrap()
    }

    /// Changes one bit so that `means_other` holds. After a thousand tries there is no such bit.
    pub fn flip_bytes(&mut self, before: &[u8], means_other: impl Fn(&[u8], &[u8]) -> bool) -> Option<Vec<u8>> {
        if before.is_empty() {
            return None;
        }
        (0..1000).find_map(|_| {
            let mut after = before.to_vec();
            after[self.below(before.len())] ^= 1 << self.below(8);
            means_other(before, &after).then_some(after)
        })
    }

    /// Changes one of the lower seven bits of an ASCII header or field. With the eighth it would not be text.
    pub fn flip_text(&mut self, before: &str) -> Option<String> {
        assert!(before.is_ascii());
        let after = self.flip_bytes(before.as_bytes(), |_, after| after.is_ascii())?;
        Some(String::from_utf8(after).unwrap())
    }
}

/// The signed part of a form: its pairs, without order, encoding and repeats.
pub fn pairs(form: &[u8]) -> BTreeSet<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

/// The signed part of an SNS message, and the signature. The certificate's address is left out: the tests have only one
/// certificate. `None`: not JSON.
pub fn signed(body: &[u8]) -> Option<BTreeMap<&'static str, Value>> {
    let message: Value = serde_json::from_slice(body).ok()?;
    let always = ["Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion", "Signature"];
    let more: &[_] = if message["Type"] == "Notification" { &["Subject"] } else { &["Token", "SubscribeURL"] };
    let fields = always.iter().chain(more);
    Some(fields.map(|name| (*name, message[*name].clone())).collect())
}

/// How many changes were rejected, by part and error, and how many cases had nothing to change.
#[derive(Default)]
pub struct Tally {
    rejected: BTreeMap<String, BTreeMap<&'static str, usize>>,
    skipped: BTreeMap<String, usize>,
}

impl Tally {
    pub fn count(&mut self, part: &str, rejected: WebhookError) {
        *self.rejected.entry(part.to_owned()).or_default().entry(rejected.label()).or_default() += 1;
    }

    pub fn skip(&mut self, part: &str) {
        *self.skipped.entry(part.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.rejected.values().flat_map(BTreeMap::values).sum();
        write!(f, "{all} changes rejected: {:?}; nothing to change: {:?}", self.rejected, self.skipped)
    }
}
