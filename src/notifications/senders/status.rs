use super::Cause;

/// Bad destination mailbox, system or syntax; moved; invalid (RFC 7505); mailbox disabled; no route.
const GONE: [&str; 7] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"];
/// Our domain's authentication (RFC 7372), and what large providers add to it: the name of our address, our rate, our
/// encryption (support.google.com/a/answer/3726730), and 5.7.515 of Outlook.
const OURS: [&str; 12] = [
    "5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26", "5.7.27", "5.7.28", "5.7.29", "5.7.30",
    "5.7.515",
];

/// What a final refusal means, by its enhanced status code (RFC 3463) among a server's words. Without one, 550 is too
/// often a policy that an address could be held responsible for.
pub fn refusal(words: &str) -> Cause {
    let codes = || words.split(|c: char| !c.is_ascii_digit() && c != '.').map(|code| code.trim_end_matches('.'));
    if codes().any(|code| OURS.contains(&code)) {
        Cause::Unwelcome
    } else if codes().any(|code| GONE.contains(&code)) {
        Cause::NoSuchAddress
    } else {
        Cause::Refused
    }
}

/// A server's words for the log, which names nobody: without addresses and numbers.
pub fn nameless(words: &str) -> String {
    let parts = words.split_inclusive(|c: char| c.is_whitespace() || "<>()[]\"',;".contains(c));
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    parts
        .map(|part| if part.contains('@') || part.starts_with('+') && digits(part) > 6 { "… " } else { part })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_reads_what_a_server_said_without_whom_it_named() {
        let said = "550 5.1.1 <ada@example.org>: no mailbox \"Ada@example.org\" here, +447911123456 neither; see https://x.test/5.1.1";
        let told = nameless(said);
        assert!(!told.contains("ada") && !told.contains("Ada") && !told.contains("4479"), "{told}");
        assert!(told.contains("550 5.1.1") && told.contains("no mailbox") && told.contains("https://x.test"), "{told}");
    }

    #[test]
    fn only_a_server_that_names_the_mailbox_speaks_of_the_address() {
        for (words, cause) in [
            ("permanent error (550): 5.1.1 <ada@example.org>: no such user", Cause::NoSuchAddress),
            ("permanent error (550): 5.1.10 null MX", Cause::NoSuchAddress),
            ("permanent error (550): 5.7.26 unauthenticated", Cause::Unwelcome),
            ("smtp; 550-5.7.515 Access denied, sending domain does not meet the level", Cause::Unwelcome),
            ("permanent error (550): 5.7.1 looks like spam", Cause::Refused),
            ("permanent error (550): no such user", Cause::Refused),
            ("permanent error (552): 5.2.2 mailbox full", Cause::Refused),
            ("permanent error (550): see 15.1.1 and 5.1.11", Cause::Refused),
        ] {
            assert_eq!(refusal(words), cause, "{words}");
        }
    }
}
