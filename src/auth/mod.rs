//! Accounts: sign-up, sign-in, sessions, passwords, and the proof type `Host`.

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub mod actions;
#[cfg(feature = "ssr")]
pub mod jobs;
#[cfg(feature = "ssr")]
mod password;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

/// Minimum and maximum characters of a password.
pub const PASSWORD_LENGTH: (u32, u32) = (8, 256);
/// Failed sign-ins in a row that lock a password.
pub const MAX_FAILURES: i32 = 5;
/// Days without use after which a session expires.
pub const IDLE_DAYS: i64 = 7;
/// Days after which a session expires, used or not.
pub const SESSION_MAX_DAYS: i64 = 30;

macro_rules! form {
    ($(#[$doc:meta])* $name:ident { $($field:ident),* }) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(pub $field: String,)*
        }

        impl std::fmt::Debug for $name {
            /// Keeps passwords out of logs.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

form!(
    /// The sign-up form.
    SignUpForm { name, email, password, accepted }
);
form!(
    /// The sign-in form.
    SignInForm { email, password }
);
form!(
    /// The form that requests an account email.
    EmailForm { email }
);
form!(
    /// The form behind a reset link.
    ResetForm { password }
);
form!(
    /// The form that changes the password.
    PasswordForm { current_password, password }
);
form!(
    /// The re-authentication form.
    ReauthenticationForm { current_password }
);
form!(
    /// The form that changes the email address.
    AddressForm { email, current_password }
);

/// The purpose of a link in an account email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "text", rename_all = "kebab-case"))]
pub enum Purpose {
    /// Verifies the address. Valid for a day.
    Verify,
    /// Sets a new password. Valid for an hour.
    Reset,
    /// The old address confirms a change of address. Valid for a day.
    LeaveAddress,
    /// The new address confirms a change of address. Valid for a day.
    TakeAddress,
}

impl Purpose {
    /// Hours until the link expires.
    pub fn hours(self) -> i64 {
        if self == Self::Reset { 1 } else { 24 }
    }
}

/// Browser and system from `User-Agent`, such as "Chrome on Android". Browsers that also claim to be another come first.
pub fn device_words(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 7] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ];
    let known =
        |names: &[(&str, &'static str)]| names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name);
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("Unknown device on {system}"),
        (None, None) => "Unknown device".to_owned(),
    }
}

#[cfg(test)]
mod device_tests {
    use super::device_words;

    #[test]
    fn devices_are_named_by_browser_and_system() {
        let chrome = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        let safari =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1";
        assert_eq!(device_words(chrome), "Chrome on Android");
        assert_eq!(device_words(edge), "Edge on Windows");
        assert_eq!(device_words(safari), "Safari on iPhone");
        assert_eq!(device_words("curl/8.5"), "Unknown device");
    }
}
