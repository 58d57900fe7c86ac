//! Invitations: personal links, who holds one, and who has opened one.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

#[cfg(feature = "ssr")]
pub mod accesses;
#[cfg(feature = "ssr")]
pub mod actions;
pub mod manual_delivery;
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

use crate::ids::GuestId;
pub use crate::ids::Token;

/// The guests to invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every guest without a link.
    All,
    /// Those of these guests who have no link.
    Only(Vec<GuestId>),
}

/// The result of issuing links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// New links.
    pub links: usize,
    /// Queued emails. The other guests have no email address or a suppressed one: the host shares their links.
    pub messages: usize,
    /// Emails scheduled for the next days, because a new account warms up.
    pub later: usize,
}

/// The kind of device that opened a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum Device {
    Phone,
    Tablet,
    Computer,
    /// An email scanner, link preview or other program. Never counts as opened by the guest.
    Scanner,
}

impl Device {
    /// Detects the device by the `User-Agent` header. A scanner that poses as a browser counts as a device.
    pub fn of_user_agent(agent: &str) -> Self {
        const PROGRAMS: [&str; 14] = [
            "bot",
            "crawler",
            "spider",
            "preview",
            "scan",
            "curl/",
            "wget/",
            "python-",
            "go-http",
            "java/",
            "okhttp",
            "whatsapp/",
            "facebookexternalhit",
            "safelinks",
        ];
        let agent = agent.to_lowercase();
        if agent.is_empty() || PROGRAMS.iter().any(|program| agent.contains(program)) {
            Self::Scanner
        } else if agent.contains("ipad")
            || agent.contains("tablet")
            || (agent.contains("android") && !agent.contains("mobile"))
        {
            Self::Tablet
        } else if agent.contains("mobile") || agent.contains("iphone") {
            Self::Phone
        } else {
            Self::Computer
        }
    }
}

#[cfg(test)]
mod device_tests {
    use super::Device;

    #[test]
    fn devices_are_detected_by_their_user_agent() {
        let iphone =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";
        let android_tablet = "Mozilla/5.0 (Linux; Android 15; SM-X710) AppleWebKit/537.36 Chrome/140.0 Safari/537.36";
        assert_eq!(Device::of_user_agent(iphone), Device::Phone);
        assert_eq!(Device::of_user_agent(android_tablet), Device::Tablet);
        assert_eq!(Device::of_user_agent("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"), Device::Computer);
        for program in ["", "curl/8.5", "WhatsApp/2.24 A", "Mozilla/5.0 (compatible; Googlebot/2.1)"] {
            assert_eq!(Device::of_user_agent(program), Device::Scanner, "{program}");
        }
    }
}
