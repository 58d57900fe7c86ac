use guestguard::{
    phone::Wrong,
    plan::{LimitReached, Tier},
    problem::{Conflict, LinkEnd, Problem},
    problem::{FieldError, FileError},
};

/// A heading and a sentence that says what to do next.
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
            "We can't find that",
            "The page may have moved, or it belongs to somebody else. Check the address, or go home.".into(),
        ),
        Problem::Conflict(conflict) => ("That doesn't fit", self::conflict(conflict)),
        Problem::LinkEnded(LinkEnd::Replaced) => (
            "This invitation has a new link",
            "Your host sent you a newer one. Look for their latest message, or ask them to send it again.".into(),
        ),
        Problem::LinkEnded(LinkEnd::Withdrawn) => (
            "This invitation is no longer valid",
            "Your host took it back. If you think that is a mistake, please ask them.".into(),
        ),
        Problem::LinkEnded(LinkEnd::Erased) => (
            "Your data has been deleted",
            "Nothing here shows that you were invited. If you change your mind, please ask your host for a new invitation."
                .into(),
        ),
        Problem::TooLong => (
            "That was too much at once",
            "The form takes less than that. Go back and make it shorter, or send it in several parts.".into(),
        ),
        Problem::Invalid(faults) if faults.is_empty() => {
            ("Something was missing", "The form came in incomplete. Go back, reload the page and try again.".into())
        }
        Problem::Invalid(_) => ("Please check the form", "A few fields need another look.".into()),
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
            ("One moment, please", format!("That was a lot at once. Try again in {}.", wait(*retry_after)))
        }
        Problem::Unavailable { retry_after } => (
            "We are out of breath",
            format!(
                "A part of GuestGuard is not answering. Try again in {}; nothing you saved is lost.",
                wait(*retry_after)
            ),
        ),
        Problem::Maintenance { .. } => (
            "Back in a little while",
            "We are looking after GuestGuard and have closed the door for a moment. Everything you saved is safe; try again in \
             a few minutes."
                .into(),
        ),
        Problem::Unexpected { reference } => (
            "Something went wrong on our side",
            format!("We have written down what happened. If it keeps happening, quote {reference}."),
        ),
    }
}

/// A limit that is reached, and what lifts it.
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

/// "1,000".
pub fn thousands(n: i64) -> String {
    match n {
        1_000.. => format!("{},{:03}", thousands(n / 1_000), n % 1_000),
        n => n.to_string(),
    }
}

/// The same to a guest, who came by a link and knows nothing of accounts.
pub fn link_problem(problem: &Problem) -> (&'static str, String) {
    match problem {
        Problem::NotFound => (
            "We can't find this invitation",
            "Please check that the whole link was copied, or ask your host to send it again.".into(),
        ),
        Problem::Maintenance { .. } => (
            "Your invitation is safe with us",
            "We are tidying up for a moment. Please open your link again in a few minutes: your place is kept, and so is \
             everything you answered."
                .into(),
        ),
        other => self::problem(other),
    }
}

/// What one field needs.
pub fn fault(fault: &FieldError) -> String {
    match fault {
        FieldError::Required => "Please fill this in.".into(),
        FieldError::TooManyLinks(0) => "Please leave links out here: they make a mail look like spam.".into(),
        FieldError::TooManyLinks(max) => format!("Please use at most {max} links: more make a mail look like spam."),
        FieldError::TooLong(max) => format!("Please use at most {max} characters."),
        FieldError::TooShort(min) => format!("Please use at least {min} characters."),
        FieldError::NotAnEmail => "That doesn't look like an e-mail address, such as ada@example.org.".into(),
        FieldError::Phone { wrong, example } => phone(*wrong, example),
        FieldError::File(fault) => file(*fault).into(),
        FieldError::NotADate => "Please give a date such as 2027-06-20, with a time where one is asked for.".into(),
        FieldError::NotANumber => "Please give a whole number.".into(),
        FieldError::OutOfRange { min, max } => format!("Please choose a number from {min} to {max}."),
        FieldError::UnknownTimeZone => "Please choose a time zone from the list.".into(),
        FieldError::NoSuchTime => {
            "The clocks go forward that night, so this time does not exist. Choose an hour later.".into()
        }
        FieldError::EndsBeforeStart => "The end has to come after the start.".into(),
        FieldError::RsvpDeadlineAfterStart => "The last day for answers can't be after the event begins.".into(),
        FieldError::GuessablePassword => {
            "That password is easy to guess. Use a passphrase that has nothing to do with you.".into()
        }
        FieldError::NotThisAddress => "Please type the email address of your account, as shown above.".into(),
        FieldError::WrongCurrentPassword => "That is not your current password.".into(),
        FieldError::SameAddress => "That is already your email address.".into(),
        FieldError::WrongPassword => "That email address and password don't match. Check both and try again.".into(),
        FieldError::NeedsLink => "Please leave {link} in: it becomes the guest's personal link.".into(),
        FieldError::NoSuchDay => "This event has no such day. Set it under Details first.".into(),
        FieldError::InThePast => "That moment is over. Choose fewer days.".into(),
        FieldError::Repeated => "This one stands there already.".into(),
        FieldError::NotAChoice => "Please choose one of the answers.".into(),
        FieldError::TooMany(max) => format!("Please give at most {max}."),
        FieldError::Lines(lines) => {
            let numbers: Vec<_> = lines.iter().take(8).map(ToString::to_string).collect();
            let more = if lines.len() > 8 { " and others" } else { "" };
            format!("Nobody was added: please correct line {}{more} first.", numbers.join(", "))
        }
    }
}

fn conflict(conflict: &Conflict) -> String {
    match conflict {
        Conflict::EventFull { left: 0 } => {
            "We are so sorry: every seat is taken. Your host sees your wish if you answer \"maybe\".".into()
        }
        Conflict::EventFull { left: 1 } => "There is only 1 seat left. Please choose a smaller party.".into(),
        Conflict::EventFull { left } => format!("There are only {left} seats left. Please choose a smaller party."),
        Conflict::AnswersClosed => "Answers are closed. If something changed, please tell your host directly.".into(),
        Conflict::EventCancelled => "This event has been cancelled.".into(),
        Conflict::NobodySelected => "Nobody is selected. Tick the guests you mean first.".into(),
        Conflict::NobodyToInvite => "Everybody you chose has an invitation already.".into(),
        Conflict::NotInvited => "This guest has no link yet, or no e-mail address. Invite them first.".into(),
        Conflict::Unverified => {
            "Verify your email address before you send anything: open the link in the email we sent you.".into()
        }
        Conflict::AddressTaken => "Another account has that email address. Yours is unchanged.".into(),
        Conflict::UndoExpired => "It is too late to bring these guests back. Please add them again.".into(),
        Conflict::ImportDone => "These guests are on the list already. To change them, edit them there.".into(),
        Conflict::NothingToImport => {
            "No row is ready to be added. Mend the rows that need attention, or choose what happens with people who are \
             on the list already."
                .into()
        }
        Conflict::OneTag => "Type one tag, of up to 40 letters and without a comma.".into(),
        Conflict::PlanAlready => "You already have that plan.".into(),
        Conflict::NoPlan => "There is no plan to cancel.".into(),
        Conflict::Forgotten => {
            "This event's guest data were erased when their time was over. To invite people again, give the event a new date."
                .into()
        }
        Conflict::ExportToPrepare => {
            "Your data is too large to download at once. Use “Email me when ready” instead.".into()
        }
        Conflict::TooManyAtOnce { max } => format!("Please add at most {max} people at once."),
    }
}

/// What is wrong with a number, and a right one.
pub fn phone(wrong: Wrong, example: &str) -> String {
    let what = match wrong {
        Wrong::NotANumber => "This is not a phone number",
        Wrong::NoCountry => "The country code is missing",
        Wrong::TooShort => "This number is too short",
        Wrong::TooLong => "This number is too long",
        Wrong::NotInUse => "No such number is given out in that country",
    };
    format!("{what}. A right one looks like {example}.")
}

fn file(fault: FileError) -> &'static str {
    match fault {
        FileError::Empty => "There is nobody in this file. Did you choose the right one?",
        FileError::NotATable => {
            "We can't read this file. Save your list as CSV or as an Excel workbook (.xlsx) and try again."
        }
        FileError::Damaged => {
            "This workbook can't be opened. Open it in your spreadsheet program, save it again as .xlsx, and try again."
        }
        FileError::TooLarge => {
            "This file is larger than 5 MB. Leave out pictures and columns you don't need, or split the list."
        }
        FileError::TooManyRows => {
            "A file may have 5,000 rows. Split the list, and bring the parts one after the other."
        }
    }
}

fn wait(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}
