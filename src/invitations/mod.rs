use serde::{Deserialize, Serialize};

/// What guests open is written down behind their backs.
#[cfg(feature = "ssr")]
pub mod accesses;
#[cfg(feature = "ssr")]
pub mod actions;
/// Links that hosts hand over themselves, one guest after another.
pub mod by_hand;
/// What a guest sees behind their link.
#[cfg(feature = "ssr")]
pub mod page;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(all(test, feature = "ssr"))]
mod tests;

pub use crate::ids::Token;
use crate::ids::{EventId, GuestId, InvitationId, UserId};

/// Proof that somebody holds a guest's live link. It comes only from [`queries::guest_of`] and [`page::page`].
#[derive(Clone, Debug)]
pub struct Guest {
    host: UserId,
    event: EventId,
    id: GuestId,
    invitation: InvitationId,
}

impl Guest {
    /// Whose event it is.
    pub fn host(&self) -> UserId {
        self.host
    }

    /// The event.
    pub fn event(&self) -> EventId {
        self.event
    }

    /// The person.
    pub fn id(&self) -> GuestId {
        self.id
    }

    /// The link they hold.
    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }
}

/// Whom to invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Everybody on the list who has no link yet.
    All,
    /// These, as far as they have no link yet.
    Only(Vec<GuestId>),
}

/// What issuing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// New links.
    pub links: usize,
    /// Messages on their way; the rest have no e-mail address and get their link from the host.
    pub messages: usize,
    /// Messages that leave on the next days, because the account is new.
    pub later: usize,
}

/// What opened a link, as coarse as the host needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Phone,
    Tablet,
    Computer,
    /// A mail scanner, link preview or other program; never counts as opened by the guest.
    Scanner,
}

impl Device {
    /// Judged by the `User-Agent` header. Scanners that pretend to be browsers are not told apart here.
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

    /// The name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Computer => "computer",
            Self::Scanner => "scanner",
        }
    }
}

#[cfg(test)]
mod device_tests {
    use super::Device;

    #[test]
    fn devices_are_told_apart_by_their_user_agent() {
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
