use guestguard::privacy::Document;

/// A part of a document.
pub struct Section {
    pub title: &'static str,
    pub paragraphs: &'static [&'static str],
}

/// The words of a document in one of its versions; `None`: there never was such a version. Versions that held once stay.
pub fn sections(document: Document, version: &str) -> Option<Vec<Section>> {
    let words: &[(&str, &[&str])] = match (document, version) {
        (Document::Terms, "2026-11-26") => TERMS_2026_11_26,
        (Document::PrivacyPolicy, "2026-11-26") => PRIVACY_2026_11_26,
        _ => return None,
    };
    Some(words.iter().map(|(title, paragraphs)| Section { title, paragraphs }).collect())
}

const TERMS_2026_11_26: &[(&str, &[&str])] = &[
    (
        "Who this is between",
        &[
            "You, who open an account and plan events here: the host. And we, who run this installation of GuestGuard: our \
             name and address stand in the imprint of this site or can be had at the address that our mails come from.",
            "GuestGuard itself is free software under the AGPL. These terms are about our service, not about the software.",
        ],
    ),
    (
        "What we do",
        &[
            "We keep your events and guest lists, send invitations and other messages that you ask for, and show you the \
             answers. We do it with care and make backups, whose restoring we rehearse. We do not promise that the service is \
             never away, or that every message arrives: that is also up to providers and to your guests' own programs.",
            "Where plans are sold, what each allows and costs stands on the page about plans. Over a limit nothing is deleted; \
             guests go on answering.",
        ],
    ),
    (
        "What you do",
        &[
            "You bring only people's data that you may use for inviting them, and you tell them the truth about the event. You \
             send no advertising, and nothing that is against the law or that hurts people.",
            "You keep your password to yourself. Whoever stops your messages is not written to by other ways of ours.",
        ],
    ),
    (
        "Your guests' data",
        &[
            "For your guests' data you decide and we carry it out: in the words of the law you are the controller and we are \
             the processor (GDPR, article 28). We use it for nothing but your events, give it to nobody but the providers that \
             carry your messages, keep it safe as our privacy policy says, help you when a guest asks for their rights, tell you \
             without delay when something went wrong with it, and delete it when you delete it or your account. After the time that \
             you choose for each event, a year unless you say otherwise, we make its guests anonymous.",
        ],
    ),
    (
        "When it ends",
        &[
            "You may leave at any time, on the page of your account; what then happens stands there. We may end an account, with two weeks' notice, or at once where it is used against these \
             terms; you can take your data along before, unless the law forbids it. Hourly backups forget what was deleted five weeks \
             later.",
        ],
    ),
    (
        "Answering for damage",
        &[
            "For intent and gross negligence, and for harm to life and health, we answer without limit. Otherwise we answer for \
             what is typical and could be foreseen, where a duty was broken on which the service rests. What the law does not \
             let us limit stays as it is.",
        ],
    ),
    (
        "When these terms change",
        &[
            "We show you the new version when you come, and ask whether you agree. Older versions stay readable here. If you do \
             not agree, the old ones hold until your account ends.",
        ],
    ),
];

const PRIVACY_2026_11_26: &[(&str, &[&str])] = &[
    (
        "In short",
        &[
            "We keep what is needed to invite people and to count who comes, and nothing else. No tracking, no advertising, no \
             content from other sites, no cookie but the one that keeps a host signed in.",
        ],
    ),
    (
        "Who answers for what",
        &[
            "Hosts answer for their guest lists; we keep and send on their behalf. For hosts' accounts and for the safety of the \
             service we answer ourselves. You reach us at the address that our mails come from.",
        ],
    ),
    (
        "If you are a guest",
        &[
            "Your host gave us your name and the address or number at which to reach you, perhaps a note and tags. We add your \
             answer with its history, whom you bring, your message to the host, which messages were sent to you and what became \
             of them, and when your link was opened: time and kind of device, and a keyed hash of your network that cannot be \
             turned back. We keep no addresses of networks.",
            "Your host sees all of that. Other guests see nothing of it. The link is yours alone and needs no account; whoever \
             has it can answer for you.",
            "Each mail has a link by which you stop messages, from this host or from all. We then keep your address, for no other \
             purpose than not to write to it.",
            "From your link you see all of this, correct it, download it, stop messages, or erase \
             yourself. Then your host keeps a seat without a name and your answer; of your address we keep a keyed hash, which \
             nobody can turn back, so that this host does not write to you again.",
        ],
    ),
    (
        "If you are a host",
        &[
            "We keep your name, e-mail address, a hash of your password, when and on what kind of device you signed in, what was \
             changed in your account, which version of these pages you agreed to, and your events. Where plans are sold, Stripe \
             takes the payment and tells us that you paid, and for which plan; we see no card numbers. The ground is our contract \
             with you (GDPR, article 6, 1 b), and for the record of sign-ins our interest in a safe service (1 f).",
        ],
    ),
    (
        "Who else gets something",
        &[
            "The provider that carries mails gets the message and the address; the provider of text messages the number and the \
             text; Stripe what you type on its pages. WhatsApp gets only what a host sends from their own telephone. Nobody else.",
        ],
    ),
    (
        "How long",
        &[
            "What is known of a guest is kept for the time that the host chose, a year after the event unless they say otherwise, and \
             stands at the foot of each invitation; then the guest is made anonymous. A deleted account is erased at once; a number \
             without a name, which version of these pages was agreed to, and what Stripe calls it stay for 30 days.",
            "What a host deletes is gone after a day, in which it can be undone, and out of the hourly backups five weeks later. Sessions end \
             after 30 days, files that were brought for import are deleted after they were used, what providers told us after 90 \
             days.",
        ],
    ),
    (
        "Your rights",
        &[
            "You may see what is kept about you, have it corrected, deleted or handed over, and object (GDPR, articles 15 to 21). \
             Guests find all of that behind their link, hosts on the page of their account; whoever prefers to ask, asks their host, or \
             us. You may complain to the data protection authority of your country.",
        ],
    ),
    (
        "How it is kept safe",
        &[
            "Connections are encrypted. Links are random and kept as hashes; their copies for later mails are sealed. Hosts cannot \
             reach each other's rows. We ask the place that keeps our backups to encrypt them, and a restore applies again who was deleted or \
             stopped messages.",
        ],
    ),
];
