//! Secrets: random tokens, their hashes, and sealing (AEAD) of what must be readable again.

use anyhow::{Context, anyhow, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// 32 random bytes from the operating system, as 43 characters of base64url: the form of every secret in a link.
pub fn random_token() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| anyhow!("no random bytes: {cause}"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 of a token, for look-up. A plain hash suffices: the token has 256 random bits.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// SHA-256 in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The keys derived from `GG_SECRET_KEY`.
#[derive(Clone)]
pub struct Secrets {
    sealing: [u8; 32],
    hashing: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Derives the keys from the configured secret: at least 32 bytes of base64url.
    ///
    /// # Errors
    /// The text is not base64url or too short.
    pub fn from_key(key: &str) -> anyhow::Result<Self> {
        let key = BASE64_URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).context("the key is not base64url")?;
        if key.len() < 32 {
            bail!("the key has {} bytes, at least 32 are needed", key.len());
        }
        let derive = |purpose: &str| -> anyhow::Result<[u8; 32]> { Ok(keyed(&key, purpose.as_bytes())?.into()) };
        Ok(Self { sealing: derive("sealing")?, hashing: derive("hashing")? })
    }

    /// Encrypts `secret` so that it opens only together with `row`, the id of the row that keeps it
    /// (XChaCha20-Poly1305; the random nonce stands in front).
    pub fn seal(&self, secret: &str, row: Uuid) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).map_err(|cause| anyhow!("no random bytes: {cause}"))?;
        self.seal_with(nonce, secret, row)
    }

    /// Deterministic encryption: one secret and row always give one ciphertext, which can be looked up and compared without
    /// storing the secret in clear. The nonce is a keyed hash of row and secret, so that it encrypts nothing else.
    pub fn seal_deterministic(&self, secret: &str, row: Uuid) -> anyhow::Result<Vec<u8>> {
        let mut nonce = [0; 24];
        nonce.copy_from_slice(&self.keyed_hash(&[row.as_bytes(), secret.as_bytes()].concat())?[..24]);
        self.seal_with(nonce, secret, row)
    }

    fn seal_with(&self, nonce: [u8; 24], secret: &str, row: Uuid) -> anyhow::Result<Vec<u8>> {
        let payload = Payload { msg: secret.as_bytes(), aad: row.as_bytes() };
        let sealed = XChaCha20Poly1305::new(&self.sealing.into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| anyhow!("sealing failed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Self::seal`] made for the same row.
    ///
    /// # Errors
    /// The bytes were changed, belong to another row, or were sealed with another key.
    pub fn open(&self, sealed: &[u8], row: Uuid) -> anyhow::Result<String> {
        let (nonce, sealed) = sealed.split_at_checked(24).context("the sealed value is too short")?;
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let secret = XChaCha20Poly1305::new(&self.sealing.into())
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| anyhow!("a sealed value does not open: GG_SECRET_KEY is not the one it was sealed with"))?;
        String::from_utf8(secret).context("a sealed value is not text")
    }

    /// A keyed hash: equal inputs can be told without keeping them.
    pub fn keyed_hash(&self, value: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(keyed(&self.hashing, value)?.to_vec())
    }
}

fn keyed(key: &[u8], value: &[u8]) -> anyhow::Result<hmac::digest::Output<Sha256>> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).context("hmac key")?;
    mac.update(value);
    Ok(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::from_key(&random_token().unwrap()).unwrap()
    }

    #[test]
    fn a_sealed_token_opens_only_with_its_row_and_key() {
        let (ours, row) = (secrets(), Uuid::now_v7());
        let sealed = ours.seal("token", row).unwrap();
        assert_eq!(ours.open(&sealed, row).unwrap(), "token");
        assert!(ours.open(&sealed, Uuid::now_v7()).is_err());
        assert!(secrets().open(&sealed, row).is_err());
        let mut changed = sealed.clone();
        changed[30] ^= 1;
        assert!(ours.open(&changed, row).is_err());
        assert!(ours.open(&sealed[..10], row).is_err());
    }

    #[test]
    fn a_short_or_garbled_key_is_refused() {
        assert!(Secrets::from_key("c2hvcnQ").is_err());
        assert!(Secrets::from_key("not base64!").is_err());
    }

    #[test]
    fn tokens_have_256_bits_and_differ() {
        let (one, two) = (random_token().unwrap(), random_token().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(one, two);
    }
}
