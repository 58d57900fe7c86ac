use guestguard::notifications::{Kind, State, suppressions::Reason};

/// Why a message did not arrive: a reason of ours in words, or the server's own.
pub fn undelivered(reason: Option<&str>) -> String {
    let known = reason.and_then(|reason| Reason::ALL.into_iter().find(|known| known.key() == reason));
    match (known, reason) {
        (Some(Reason::HardBounce), _) => "This address does not exist: mail to it came back.".into(),
        (Some(Reason::SoftBounces), _) => "This mailbox was full or broken too often lately.".into(),
        (Some(Reason::Complaint), _) => "They called one of our mails spam, so we write to them no more.".into(),
        (Some(Reason::Unsubscribed), _) => "They unsubscribed from your messages.".into(),
        (Some(Reason::Erased), _) => "They had their data erased, so nothing is sent to them from here.".into(),
        (None, Some(words)) => words.to_owned(),
        (None, None) => "We were not told why.".into(),
    }
}

/// What a message is about.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Invitation => "Invitation",
        Kind::Confirmation => "Confirmation of an answer",
        Kind::Reminder => "Reminder",
        Kind::EventChanged => "Change of the event",
        Kind::EventCancelled => "Cancellation",
        _ => "About the account",
    }
}

/// What became of a message.
pub fn state(state: State) -> &'static str {
    match state {
        State::Queued => "Waiting",
        State::Sending => "On its way",
        State::Sent => "Sent",
        State::Delivered => "Delivered",
        State::Bounced => "Came back",
        State::Complained => "Called spam",
        State::Suppressed => "Not sent",
        State::Failed => "Refused",
        State::Cancelled => "Cancelled",
    }
}

/// One thing that happened to a message.
pub fn step(what: &str) -> &'static str {
    match what {
        "queued" => "Put off",
        "delayed" => "The recipient's server puts it off",
        "sent" => "Handed over to be delivered",
        "delivered" => "Arrived",
        "opened" => "Opened",
        "bounced" => "Came back",
        "complained" => "Called spam",
        "suppressed" => "Not sent",
        "cancelled" => "Cancelled",
        _ => "Refused for good",
    }
}
