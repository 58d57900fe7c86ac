/// Where most people have their mailbox; ordered by how common they are, since the first that is near enough is meant.
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
/// Letters changed, added, dropped or turned round (optimal string alignment); in short names one.
const MOST_EDITS: usize = 2;
const SHORT: usize = 9;

/// The address that was probably meant, where the domain is nearly that of a large provider.
pub fn suggestion(email: &str) -> Option<String> {
    let (local, domain) = email.rsplit_once('@')?;
    let domain = domain.to_lowercase();
    if PROVIDERS.contains(&&*domain) || REAL.contains(&&*domain) {
        return None;
    }
    let edits = |provider: &&&str| strsim::osa_distance(&domain, provider);
    let ending = domain.rsplit('.').next().unwrap_or_default();
    // A provider in another country is no slip; an ending that does not exist is one.
    let same_ending = |provider: &&&str| provider.ends_with(&format!(".{ending}")) || SLIPS.contains(&ending);
    let near = |provider: &&&str| {
        same_ending(provider) && edits(provider) <= if provider.len() < SHORT { 1 } else { MOST_EDITS }
    };
    let provider = PROVIDERS.iter().filter(near).min_by_key(edits)?;
    Some(format!("{local}@{provider}"))
}

/// Endings that are nobody's.
const SLIPS: [&str; 12] = ["con", "cmo", "ocm", "comm", "coom", "cim", "vom", "xom", "clm", "dee", "nte", "fre"];

/// Providers that look like a slip and are none.
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
    fn slips_are_told_and_real_domains_are_left_alone() {
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
