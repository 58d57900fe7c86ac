//! Text of the built-in terms and privacy policy, by version.

use guestguard::legal::LegalDocument;

pub struct Section {
    pub title: &'static str,
    pub paragraphs: &'static [&'static str],
}

/// The sections of a version, or `None` if it never existed. Old versions stay.
pub fn sections(document: LegalDocument, version: &str) -> Option<Vec<Section>> {
    let sections: &[(&str, &[&str])] = match (document, version) {
        (LegalDocument::Terms, "2026-11-26") => TERMS_2026_11_26,
        (LegalDocument::PrivacyPolicy, "2026-11-26") => PRIVACY_2026_11_26,
        _ => return None,
    };
    Some(sections.iter().map(|(title, paragraphs)| Section { title, paragraphs }).collect())
}

const TERMS_2026_11_26: &[(&str, &[&str])] = &[
    (
        "Parties",
        &[
            "You are the host: you open an account and plan events here. We run this installation of GuestGuard. You find our \
             name and address in the imprint of this site, or ask for them at the address that our emails come from.",
            "GuestGuard itself is free software under the AGPL. These terms are about our service, not about the software.",
        ],
    ),
    (
        "Our service",
        &[
            "We store your events and guest lists, send invitations and other messages at your request, and show you the \
             replies. We take care and make backups, and we rehearse restoring them. We don't guarantee that the service is \
             always available or that every message arrives: that also depends on providers and on your guests' own software.",
            "Where plans are sold, the pricing page shows their limits and prices. Above a limit nothing is deleted, and guests \
             can still reply.",
        ],
    ),
    (
        "Your responsibilities",
        &[
            "You add only people whose data you may use to invite them, and your information about the event is true. You send \
             no advertising, and nothing that is illegal or harmful.",
            "You keep your password secret. If someone unsubscribes, you don't contact them \
             through another channel of this service.",
        ],
    ),
    (
        "Your guests' data",
        &[
            "For your guests' data you are the controller and we are the processor (GDPR, article 28). We process it only for \
             your events, share it only with the providers that deliver your messages, protect it as our privacy policy \
             describes, help you when a guest exercises their rights, inform you of data breaches without delay, and delete it \
             when you delete it or your account. When the retention period that you choose for an event is over, one year by \
             default, we anonymise its guests.",
        ],
    ),
    (
        "Termination",
        &[
            "You can delete your account at any time on your account page, which explains what is deleted. We can terminate an \
             account with two weeks' notice, or immediately if it violates these terms; you can export your data first, unless \
             the law forbids it. Deleted data leaves our hourly backups after six weeks.",
        ],
    ),
    (
        "Liability",
        &[
            "Our liability for intent, gross negligence, and injury to life or health is unlimited. Otherwise we are liable only \
             for typical, foreseeable damage from a breach of an essential duty. Liability that the law does not allow us to \
             limit is not affected.",
        ],
    ),
    (
        "Changes to these terms",
        &[
            "When you next sign in, we show you the new version and ask you to accept it. Older versions remain readable here. If \
             you don't accept, the old version applies until your account ends.",
        ],
    ),
];

const PRIVACY_2026_11_26: &[(&str, &[&str])] = &[
    (
        "In short",
        &[
            "We store what is needed to invite people and count replies, and nothing else. No tracking, no advertising, no \
             third-party content, and no cookie except the one that keeps a host signed in.",
        ],
    ),
    (
        "Who is responsible",
        &[
            "Hosts are responsible for their guest lists; we store and send on their behalf. We are responsible for hosts' \
             accounts and for the security of the service. You can contact us at the address that our emails come from.",
        ],
    ),
    (
        "If you are a guest",
        &[
            "Your host gave us your name, your email address or phone number, and possibly a note and tags. We add your reply and \
             its history, your companions, your message to the host, the messages sent to you and their delivery status, and \
             when your link was opened: the time, the type of device, and a keyed hash of your network that can't be reversed. \
             We don't store IP addresses.",
            "Your host sees all of that; other guests see none of it. The link is personal and needs no account: anyone who has \
             it can reply for you.",
            "Each email has a link to unsubscribe, from this host or from all. We then keep your address only to make sure that \
             we don't write to it.",
            "Your link also leads to this data. There you can view, correct and download it, unsubscribe, or delete it. After \
             deletion your host keeps an anonymous entry with your reply, and we keep a keyed hash of your address, which can't \
             be reversed, so that this host can't write to you again.",
        ],
    ),
    (
        "If you are a host",
        &[
            "We store your name, your email address, a hash of your password, the times and types of device of your sign-ins, \
             changes to your account, the versions of these documents that you accepted, and your events. Where plans are sold, \
             Stripe handles payment and tells us that you paid, and for which plan; we see no card numbers. The legal basis is \
             our contract with you (GDPR, article 6, 1 b), and for the sign-in log our interest in a secure service (1 f).",
        ],
    ),
    (
        "Who receives data",
        &[
            "The email provider receives the message and the address, the SMS provider the text and the number, and Stripe what \
             you enter on its pages. WhatsApp receives only what a host sends from their own phone. Nobody else receives data.",
        ],
    ),
    (
        "Retention",
        &[
            "Guest data is stored for the period that the host chose, one year after the event by default; each invitation \
             shows the date. Then the guest is anonymised. A deleted account is erased immediately; an anonymous account number, \
             the accepted versions of these documents, and its ids at Stripe remain for 30 days.",
            "Data that a host deletes can be restored for a day and is then gone; it leaves the hourly backups six weeks later. \
             Sessions expire after 30 days, import files after a day, and provider reports after 90 days.",
        ],
    ),
    (
        "Your rights",
        &[
            "You have the right to access, correct, delete and export your data, and to object (GDPR, articles 15 to 21). Guests \
             can do all of this from their link, hosts on their account page; you can also ask your host or us. You can \
             complain to your country's data protection authority.",
        ],
    ),
    (
        "Security",
        &[
            "Connections are encrypted. Links are random and stored as hashes; copies for later emails are encrypted. Hosts can't \
             access each other's data. We request encryption from our backup storage, and a restore applies deletions and \
             unsubscriptions again.",
        ],
    ),
];
