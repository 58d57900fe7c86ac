//! Email typo check: suggests the provider probably meant.

/// Common providers, the most common first: the first that is near enough is suggested.
const PROVIDERS: [&str; 36] = [
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "aol.com",
    "live.com",
    "msn.com",
    "gmx.de",
    "web.de",
    "t-online.de",
    "googlemail.com",
    "hotmail.co.uk",
    "yahoo.co.uk",
    "btinternet.com",
    "hotmail.fr",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "yahoo.fr",
    "libero.it",
    "hotmail.it",
    "yahoo.es",
    "hotmail.es",
    "gmx.net",
    "gmx.at",
    "bluewin.ch",
    "me.com",
    "mac.com",
    "proton.me",
    "protonmail.com",
    "comcast.net",
    "verizon.net",
    "wp.pl",
    "yandex.ru",
];
/// Most edits of a typo (optimal string alignment); in short names one.
const MOST_EDITS: usize = 2;
const SHORT: usize = 9;

/// The address probably meant, if the domain is nearly that of a large provider.
pub fn suggestion(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let domain = domain.to_lowercase();
    if PROVIDERS.contains(&&*domain) || REAL.contains(&&*domain) {
        return None;
    }
    let edits = |provider: &&&str| strsim::osa_distance(&domain, provider);
    let ending = domain.rsplit('.').next().unwrap_or_default();
    // A provider in another country is no typo; an ending that does not exist is one.
    let same_ending = |provider: &&&str| provider.ends_with(&format!(".{ending}")) || BAD_ENDINGS.contains(&ending);
    let near = |provider: &&&str| {
        same_ending(provider) && edits(provider) <= if provider.len() < SHORT { 1 } else { MOST_EDITS }
    };
    let provider = PROVIDERS.iter().filter(near).min_by_key(edits)?;
    Some(format!("{local}@{provider}"))
}

/// Top-level domains that do not exist.
const BAD_ENDINGS: [&str; 12] = ["con", "cmo", "ocm", "comm", "coom", "cim", "vom", "xom", "clm", "dee", "nte", "fre"];

/// Providers that look like a typo.
const REAL: [&str; 14] = [
    "mail.com",
    "email.com",
    "ymail.com",
    "gmx.com",
    "gmx.ch",
    "live.de",
    "live.fr",
    "live.nl",
    "outlook.de",
    "outlook.fr",
    "yahoo.de",
    "yahoo.it",
    "hotmail.de",
    "hotmail.nl",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_get_a_suggestion_and_real_domains_do_not() {
        for (typed, meant) in [
            ("ada@gmial.com", Some("ada@gmail.com")),
            ("ada@gmail.con", Some("ada@gmail.com")),
            ("Ada@Hotmial.com", Some("Ada@hotmail.com")),
            ("ada@yaho.com", Some("ada@yahoo.com")),
            ("ada@outlok.com", Some("ada@outlook.com")),
            ("ada@gmail.com", None),
            ("ada@hotmail.be", None),
            ("ada@orange.es", None),
            ("ada@protonmail.ch", None),
            ("ada@mail.com", None),
            ("ada@gmx.ch", None),
            ("ada@example.org", None),
            ("nobody", None),
        ] {
            assert_eq!(suggestion(typed).as_deref(), meant, "{typed}");
        }
    }
}
