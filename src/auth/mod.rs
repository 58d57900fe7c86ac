use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
mod password;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

use crate::ids::UserId;

/// Fewest and most characters of a password.
pub const PASSWORD_LENGTH: (u32, u32) = (8, 256);

/// Proof that somebody is signed in. It comes only from [`queries::signed_in`], so a verb that takes one cannot be
/// reached without a session.
#[derive(Clone, Debug)]
pub struct Host {
    id: UserId,
    name: String,
    email: String,
}

impl Host {
    /// The account.
    pub fn id(&self) -> UserId {
        self.id
    }

    /// The name that guests see.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address the account signs in with.
    pub fn email(&self) -> &str {
        &self.email
    }
}

/// What a person types to open an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpForm {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub password: String,
}

/// What a person types to sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub password: String,
}
