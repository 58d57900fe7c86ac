//! SMTP reply: classification by enhanced status code, and redaction of addresses.

use crate::SendErrorKind;

/// Bad destination mailbox, system or syntax; moved; invalid (RFC 7505); mailbox disabled; no route.
const NO_SUCH_ADDRESS: [&str; 7] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"];
/// Our domain's authentication (RFC 7372), Google's codes for reverse DNS, rate and encryption
/// (support.google.com/a/answer/3726730), and Outlook's 5.7.515.
const POLICY: [&str; 12] = [
    "5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26", "5.7.27", "5.7.28", "5.7.29", "5.7.30",
    "5.7.515",
];

/// Classifies a permanent failure by the enhanced status code (RFC 3463) in the server's reply. A 550 without one does not
/// prove that the address is wrong, because servers use it for policies too.
pub fn classify_reply(reply: &str) -> SendErrorKind {
    let codes = || reply.split(|c: char| !c.is_ascii_digit() && c != '.').map(|code| code.trim_end_matches('.'));
    if codes().any(|code| POLICY.contains(&code)) {
        SendErrorKind::PolicyRejected
    } else if codes().any(|code| NO_SUCH_ADDRESS.contains(&code)) {
        SendErrorKind::NoSuchAddress
    } else {
        SendErrorKind::Rejected
    }
}

/// Removes email addresses and phone numbers from a server's reply, for the log.
pub fn redact_addresses(reply: &str) -> String {
    let parts = reply.split_inclusive(|c: char| c.is_whitespace() || "<>()[]\"',;".contains(c));
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    parts
        .map(|part| if part.contains('@') || part.starts_with('+') && digits(part) > 6 { "… " } else { part })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redaction_keeps_the_reply_without_its_addresses() {
        let reply = "550 5.1.1 <ada@example.org>: no mailbox \"Ada@example.org\" here, +447911123456 neither; see https://x.test/5.1.1";
        let redacted = redact_addresses(reply);
        assert!(!redacted.contains("ada") && !redacted.contains("Ada") && !redacted.contains("4479"), "{redacted}");
        assert!(
            redacted.contains("550 5.1.1") && redacted.contains("no mailbox") && redacted.contains("https://x.test"),
            "{redacted}"
        );
    }

    #[test]
    fn only_a_status_code_about_the_mailbox_blames_the_address() {
        for (reply, kind) in [
            ("permanent error (550): 5.1.1 <ada@example.org>: no such user", SendErrorKind::NoSuchAddress),
            ("permanent error (550): 5.1.10 null MX", SendErrorKind::NoSuchAddress),
            ("permanent error (550): 5.7.26 unauthenticated", SendErrorKind::PolicyRejected),
            ("smtp; 550-5.7.515 Access denied, sending domain does not meet the level", SendErrorKind::PolicyRejected),
            ("permanent error (550): 5.7.1 looks like spam", SendErrorKind::Rejected),
            ("permanent error (550): no such user", SendErrorKind::Rejected),
            ("permanent error (552): 5.2.2 mailbox full", SendErrorKind::Rejected),
            ("permanent error (550): see 15.1.1 and 5.1.11", SendErrorKind::Rejected),
        ] {
            assert_eq!(classify_reply(reply), kind, "{reply}");
        }
    }
}
