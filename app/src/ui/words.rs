//! Error messages in plain English.

use guestguard::{
    phone::PhoneError,
    plan::{LimitReached, Tier},
    problem::{Conflict, FieldError, FileError, LinkEnd, Problem},
};

/// A heading, and a sentence about the next step.
pub fn problem(problem: &Problem) -> (&'static str, String) {
    match problem {
        Problem::SignInRequired => {
            ("Please sign in", "Your session has ended. Sign in to return to this page.".into())
        }
        Problem::SignInAgain => (
            "Confirm your password to continue",
            "Go to your account page, confirm your password, and try again.".into(),
        ),
        Problem::UpgradeRequired { reason, tier, used, limit } => upgrade(*reason, *tier, *used, *limit),
        Problem::NotFound => (
            "Page not found",
            "The page may have moved, or you don't have access to it. Check the address.".into(),
        ),
        Problem::Conflict(conflict) => (conflict_title(conflict), self::conflict(conflict)),
        Problem::LinkEnded(LinkEnd::Replaced) => (
            "This link is no longer valid",
            "Ask your host for the new one.".into(),
        ),
        Problem::LinkEnded(LinkEnd::Withdrawn) => (
            "This invitation is no longer valid",
            "Your host withdrew it. If you think this is a mistake, please contact them.".into(),
        ),
        Problem::LinkEnded(LinkEnd::Erased) => (
            "Your data has been deleted",
            "We no longer have your details. To be invited again, ask your host.".into(),
        ),
        Problem::TooLong => (
            "Too much text",
            "Go back and shorten the text, or submit it in several parts.".into(),
        ),
        Problem::Invalid(faults) if faults.is_empty() => {
            ("Incomplete form", "Part of the form is missing. Go back, reload the page and try again.".into())
        }
        Problem::Invalid(_) => ("Please fix the errors below", "They are shown beside the fields.".into()),
        Problem::LinkEnded(LinkEnd::Expired) => (
            "This link has expired",
            "It was already used, or it is too old. If you still need one, request a new email.".into(),
        ),
        Problem::Locked => (
            "Too many failed attempts",
            "Reset your password to sign in: use the link in the email we sent, or request another one below. Existing sessions \
             stay signed in."
                .into(),
        ),
        Problem::TooManyRequests { retry_after } => {
            ("Too many attempts", format!("Try again in {}.", wait(*retry_after)))
        }
        Problem::Unavailable { retry_after } => (
            "Temporarily unavailable",
            format!("Something on our side isn't responding. Try again in {}; your saved data is safe.", wait(*retry_after)),
        ),
        Problem::Maintenance { .. } => (
            "We're down for maintenance",
            "Your saved data is safe. Try again in a few minutes.".into(),
        ),
        Problem::Unexpected { reference } => (
            "Something went wrong on our side",
            format!("The error was logged. If it keeps happening, quote reference {reference}."),
        ),
    }
}

/// A plan limit that is reached, and how to raise it.
fn upgrade(reason: LimitReached, tier: Tier, used: i64, limit: i64) -> (&'static str, String) {
    let (name, nothing_lost) = (tier.name(), "Nothing you typed is lost.");
    match reason {
        LimitReached::Events => (
            "Your plan is full",
            format!(
                "The {name} plan allows {} at a time, and you have {used}. Upgrade, or wait until an event is over. \
                 {nothing_lost}",
                counted(limit, "event")
            ),
        ),
        LimitReached::Guests => (
            "This list is full",
            format!(
                "The {name} plan allows {} per event, and this one has {used}. Upgrade to add more. {nothing_lost}",
                counted(limit, "guest")
            ),
        ),
        LimitReached::TooManyEvents => (
            "Too many events for your plan",
            format!(
                "The {name} plan allows {} at a time, and you have {used}. Your guests can still open their links and reply; to \
                 send more, upgrade, or cancel events that you no longer need.",
                counted(limit, "event")
            ),
        ),
        LimitReached::TooManyGuests => (
            "Too many guests for your plan",
            format!(
                "The {name} plan allows {} per event, and this one has {used}. They can still open their links and reply; to send \
                 more, upgrade, or remove guests.",
                counted(limit, "guest")
            ),
        ),
    }
}

/// "1 guest", "1,000 guests".
pub fn counted(n: i64, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{} {what}s", thousands(n)),
    }
}

/// "1 guest has", "2 guests have".
pub fn counted_verb(n: i64, what: &str, one: &str, several: &str) -> String {
    format!("{} {}", counted(n, what), if n == 1 { one } else { several })
}

/// "1,000".
pub fn thousands(n: i64) -> String {
    match n {
        1_000.. => format!("{},{:03}", thousands(n / 1_000), n % 1_000),
        n => n.to_string(),
    }
}

/// A problem in a guest's words: they came by a link and have no account.
pub fn link_problem(problem: &Problem) -> (&'static str, String) {
    match problem {
        Problem::NotFound => {
            ("Invitation not found", "Check that the whole link was copied, or ask your host to send it again.".into())
        }
        Problem::Maintenance { .. } => (
            "We're down for maintenance",
            "Your invitation and your RSVP are safe. Please open your link again in a few minutes.".into(),
        ),
        other => self::problem(other),
    }
}

/// The error of a field.
pub fn field_error(fault: &FieldError) -> String {
    match fault {
        FieldError::Required => "Please fill this in.".into(),
        FieldError::TooManyLinks(0) => "Please leave out links: they make an email look like spam.".into(),
        FieldError::TooManyLinks(max) => format!("Please use at most {max} links: more make an email look like spam."),
        FieldError::TooLong(max) => format!("Please use at most {max} characters."),
        FieldError::TooShort(min) => format!("Please use at least {min} characters."),
        FieldError::NotAnEmail => "That doesn't look like an email address, such as ada@example.org.".into(),
        FieldError::Phone { error, example } => phone(*error, example),
        FieldError::File(fault) => file(*fault).into(),
        FieldError::NotADate => "Enter a date such as 2027-06-20 (and a time, if there is a field for it).".into(),
        FieldError::NotANumber => "Please enter a whole number.".into(),
        FieldError::OutOfRange { min, max } => format!("Please choose a number from {min} to {max}."),
        FieldError::UnknownTimeZone => "Please choose a time zone from the list.".into(),
        FieldError::NoSuchTime => {
            "The clocks go forward that night, so this time does not exist. Choose a later hour.".into()
        }
        FieldError::EndsBeforeStart => "The end has to come after the start.".into(),
        FieldError::RsvpDeadlineAfterStart => "The RSVP deadline can't be after the event starts.".into(),
        FieldError::GuessablePassword => {
            "That password is easy to guess. Use a passphrase that has nothing to do with you.".into()
        }
        FieldError::NotThisAddress => "Please type the email address of your account, as shown above.".into(),
        FieldError::WrongCurrentPassword => "That is not your current password.".into(),
        FieldError::SameAddress => "That is already your email address.".into(),
        FieldError::WrongPassword => "That email address and password don't match. Check both and try again.".into(),
        FieldError::NeedsLink => "Please keep {link}: it becomes the guest's personal link.".into(),
        FieldError::NoSuchDay => "This event has no RSVP deadline. Set one under Settings.".into(),
        FieldError::InThePast => "That time has passed. Choose fewer days.".into(),
        FieldError::Repeated => "You already have this reminder.".into(),
        FieldError::NotAChoice => "Please choose one of the options.".into(),
        FieldError::TooMany(max) => format!("Please enter at most {max}."),
        FieldError::Lines(lines) => {
            let numbers: Vec<_> = lines.iter().take(8).map(ToString::to_string).collect();
            let more = if lines.len() > 8 { " and others" } else { "" };
            format!("No guests added: please fix line {}{more} first.", numbers.join(", "))
        }
    }
}

fn conflict_title(conflict: &Conflict) -> &'static str {
    match conflict {
        Conflict::EventFull { left: 0 } => "This event is full",
        Conflict::EventFull { .. } => "Not enough places left",
        Conflict::RsvpsClosed => "RSVPs are closed",
        Conflict::EventCancelled => "This event is cancelled",
        Conflict::Unverified => "Email not verified",
        Conflict::AddressTaken => "Email already in use",
        Conflict::NobodySelected => "No guests selected",
        Conflict::NobodyToInvite => "Already invited",
        Conflict::NotInvited => "Not invited yet",
        Conflict::UndoExpired => "Too late to undo",
        Conflict::ImportDone => "This import is finished",
        Conflict::NothingToImport => "Nothing to import",
        Conflict::OneTag => "Invalid tag",
        Conflict::PlanAlready => "Plan unchanged",
        Conflict::NoPlan => "No active plan",
        Conflict::Anonymised => "Guest data deleted",
        Conflict::ExportToPrepare => "Too large to download at once",
        Conflict::TooManyAtOnce { .. } => "Too many",
    }
}

fn conflict(conflict: &Conflict) -> String {
    match conflict {
        Conflict::EventFull { left: 0 } => {
            "Reply “Maybe” to tell your host you'd like to come.".into()
        }
        Conflict::EventFull { left: 1 } => "There is only 1 place left. Please choose a smaller party.".into(),
        Conflict::EventFull { left } => format!("There are only {left} places left. Please choose a smaller party."),
        Conflict::RsvpsClosed => "If your plans have changed, please contact your host directly.".into(),
        Conflict::EventCancelled => "Replies and messages are no longer possible.".into(),
        Conflict::NobodySelected => "Select at least one guest.".into(),
        Conflict::NobodyToInvite => "All selected guests have been invited.".into(),
        Conflict::NotInvited => "This guest has no link or no email address yet. Invite them first.".into(),
        Conflict::Unverified => {
            "Verify your email address before you send anything: open the link in the email we sent you.".into()
        }
        Conflict::AddressTaken => "Another account has that email address. Yours is unchanged.".into(),
        Conflict::UndoExpired => "Undo works once, within 24 hours.".into(),
        Conflict::ImportDone => "Edit the guests on the guest list.".into(),
        Conflict::NothingToImport => {
            "Fix the lines below, or set “Existing guests” to “Update”.".into()
        }
        Conflict::OneTag => "Type one tag, up to 40 characters, without a comma.".into(),
        Conflict::PlanAlready => "You already have that plan.".into(),
        Conflict::NoPlan => "There is nothing to cancel or resume.".into(),
        Conflict::Anonymised => {
            "This event's guest data was deleted at the end of its retention period. To invite guests again, give the event a new date."
                .into()
        }
        Conflict::ExportToPrepare => {
            "Use “Email me when ready” instead.".into()
        }
        Conflict::TooManyAtOnce { max } => format!("Please add at most {max}."),
    }
}

/// Why a phone number is invalid, and a valid one.
pub fn phone(error: PhoneError, example: &str) -> String {
    let reason = match error {
        PhoneError::NotANumber => "This is not a phone number",
        PhoneError::NoCountry => "The country code is missing",
        PhoneError::TooShort => "This number is too short",
        PhoneError::TooLong => "This number is too long",
        PhoneError::NotInUse => "This number does not exist in that country",
    };
    format!("{reason}. Example: {example}.")
}

fn file(fault: FileError) -> &'static str {
    match fault {
        FileError::Empty => "There are no guests in this file. Did you choose the right one?",
        FileError::NotATable => {
            "We can't read this file. Save your list as CSV or as an Excel workbook (.xlsx) and try again."
        }
        FileError::Damaged => {
            "This workbook can't be opened. Open it in your spreadsheet program, save it again as .xlsx, and try again."
        }
        FileError::TooLarge => {
            "This file is larger than 5 MB. Remove pictures and columns you don't need, or split the list."
        }
        FileError::TooManyRows => "A file can have up to 5,000 rows. Split the list and import the parts separately.",
    }
}

fn wait(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
