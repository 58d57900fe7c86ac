//! Demo account: two events with guests, invitations and replies.

use chrono::{DateTime, TimeDelta, Utc};

use guestguard::{
    actors::Host,
    auth,
    backend::Backend,
    clock::Clock,
    error::{Error, Result},
    events::{self, EventForm},
    guests::{self, GuestForm},
    ids::{EventId, GuestId},
    invitations::{
        self, Device, Selection,
        accesses::{self, Access},
    },
    problem::Problem,
    rsvp::{self, AnswerForm},
};

use crate::seed::{add_guests, host, invited_guest};

/// The demo account's address.
pub const EMAIL: &str = "demo@guestguard.example";
/// Not secret: the account exists only where `seed-demo` was run.
pub const PASSWORD: &str = "paper-lanterns-at-dusk";

/// Creates the demo account with two events, guests, invitations and replies, and `extra` guests on large events. Does nothing
/// if the account exists.
pub async fn seed(backend: &Backend, extra: usize) -> Result<()> {
    if auth::queries::is_taken(&backend.db, EMAIL).await? {
        return Ok(());
    }
    let now = backend.clock.now();
    let past = at(backend, now - TimeDelta::days(20));
    let host = host(&past, EMAIL, PASSWORD).await?;
    let dinner = events::actions::create(&past, &host, &garden_dinner(now)).await?;
    events::actions::create(&past, &host, &housewarming(now)).await?;
    let list = GUESTS.map(|(name, email)| if email.is_empty() { name.to_owned() } else { format!("{name} <{email}>") });
    add_guests(&past, &host, dinner, &list).await?;
    tag_family(&past, &host, dinner).await?;
    reply_for_some(backend, &host, dinner, now).await?;
    for first in (0..extra).step_by(LARGE) {
        large_event(backend, &host, now, first / LARGE, LARGE.min(extra - first)).await?;
    }
    auth::actions::end_session(backend, &host, host.session()).await
}

/// Guests of one large event, as many as the largest plan allows.
const LARGE: usize = 5_000;
/// One of this many guests of a large event has an address and replies.
const FEW: usize = 10;

/// An event with `size` guests, all with links.
async fn large_event(backend: &Backend, host: &Host, now: DateTime<Utc>, number: usize, size: usize) -> Result<()> {
    let form = EventForm { title: format!("Open day {}", number + 1), capacity: String::new(), ..garden_dinner(now) };
    let event = events::actions::create(backend, host, &form).await?;
    let names: Vec<_> = (0..size).map(|guest| format!("Guest {number:03} {guest:04}")).collect();
    let lines = names.iter().enumerate().map(|(place, name)| match place % FEW {
        0 => format!("{name} <{}@guests.example>", name.to_lowercase().replace(' ', ".")),
        _ => name.clone(),
    });
    add_guests(backend, host, event, &lines.collect::<Vec<_>>()).await?;
    invitations::actions::issue(backend, host, event, &Selection::All).await?;
    for name in names.iter().step_by(FEW) {
        let guest = invited_guest(backend, host, event, guest_named(backend, host, event, name).await?).await?;
        let form = AnswerForm { answer: "attending".into(), heads: "1".into(), ..AnswerForm::default() };
        rsvp::actions::answer(backend, &guest, &form).await?;
    }
    Ok(())
}

fn at(backend: &Backend, time: DateTime<Utc>) -> Backend {
    Backend { clock: Clock::fixed(time), ..backend.clone() }
}

fn garden_dinner(now: DateTime<Utc>) -> EventForm {
    let day = (now + TimeDelta::days(45)).format("%Y-%m-%d");
    EventForm {
        title: "A long table in the garden".into(),
        description:
            "Ten years in this house, and still no better reason to light the lanterns than you.\n\nThere will be \
                      bread, far too much food, and a short speech at most."
                .into(),
        starts: format!("{day}T18:30"),
        ends: format!("{day}T23:30"),
        time_zone: "Europe/London".into(),
        venue: "The Walled Garden".into(),
        address: "Orchard Lane 4, Lewes".into(),
        capacity: "40".into(),
        rsvp_deadline: (now + TimeDelta::days(30)).format("%Y-%m-%d").to_string(),
        party_size: "2".into(),
        theme: "garden".into(),
        retention_months: String::new(),
    }
}

fn housewarming(now: DateTime<Utc>) -> EventForm {
    EventForm {
        title: "Housewarming, at last".into(),
        starts: (now - TimeDelta::days(12)).format("%Y-%m-%dT19:00").to_string(),
        time_zone: "Europe/London".into(),
        venue: "Our new kitchen".into(),
        party_size: "2".into(),
        theme: "fiesta".into(),
        ..EventForm::default()
    }
}

/// Guests of the dinner, in the order of their replies.
const GUESTS: [(&str, &str); 18] = [
    ("Ada Lovelace", "ada@guests.example"),
    ("Grace Hopper", "grace@guests.example"),
    ("Alan Turing", "alan@guests.example"),
    ("Zoë Ångström", "zoe@guests.example"),
    ("Wangari Maathai", "wangari@guests.example"),
    ("Chien-Shiung Wu", "wu@guests.example"),
    ("Frida Kahlo", "frida@guests.example"),
    ("Srinivasa Ramanujan", "srinivasa@guests.example"),
    ("Hedy Lamarr", "hedy@guests.example"),
    ("Maryam Mirzakhani", "maryam@guests.example"),
    ("Johann Sebastian Bach", "bach@guests.example"),
    ("Rosa Parks", "rosa@guests.example"),
    ("Niels Bohr", "niels@guests.example"),
    ("Tove Jansson", "tove@guests.example"),
    ("Aunt Matilda", ""),
    ("Uncle Ferdinand", ""),
    ("Emmy Noether", "emmy@guests.example"),
    ("Nina Simone", "nina@guests.example"),
];

async fn tag_family(backend: &Backend, host: &Host, event: EventId) -> Result<()> {
    for name in ["Aunt Matilda", "Uncle Ferdinand"] {
        let id = guest_named(backend, host, event, name).await?;
        let form = GuestForm {
            name: name.into(),
            tags: "Family".into(),
            note: "No email address: share the link yourself.".into(),
            ..GuestForm::default()
        };
        guests::actions::edit(backend, host, event, id, &form).await?;
    }
    Ok(())
}

/// Invites all but the last two guests, and replies for some over the following days.
async fn reply_for_some(backend: &Backend, host: &Host, event: EventId, now: DateTime<Utc>) -> Result<()> {
    let mut ids = Vec::new();
    for (name, _) in &GUESTS[..16] {
        ids.push(guest_named(backend, host, event, name).await?);
    }
    let sent = at(backend, now - TimeDelta::days(14));
    invitations::actions::issue(&sent, host, event, &Selection::Only(ids.clone())).await?;
    let replies = [
        ("attending", "2", "Charles Babbage", "Can we bring the Analytical Engine?"),
        ("attending", "2", "", "Wouldn't miss it for a nanosecond."),
        ("maybe", "1", "", "Depends on the evening train."),
        ("attending", "1", "", ""),
        ("declined", "", "", "I'm planting trees that week. Have a wonderful evening!"),
        ("attending", "2", "Luke Yuan", ""),
        ("attending", "1", "", "Shall I bring the monkeys?"),
    ];
    for (day, id) in ids.iter().take(10).enumerate() {
        let later = at(backend, now - TimeDelta::hours(14 * 24 - 31 * day as i64));
        let guest = invited_guest(&later, host, event, *id).await?;
        accesses::write(&later, &mut vec![Access::now(&later, &guest, Device::Phone, None)?]).await?;
        if let Some((answer, heads, companion, message)) = replies.get(day) {
            let form = AnswerForm {
                answer: (*answer).into(),
                heads: (*heads).into(),
                companions: vec![(*companion).into()],
                message: (*message).into(),
            };
            rsvp::actions::answer(&later, &guest, &form).await?;
        }
    }
    Ok(())
}

async fn guest_named(backend: &Backend, host: &Host, event: EventId, name: &str) -> Result<GuestId> {
    let query = guests::list::ListQuery { search: name.into(), ..guests::list::ListQuery::default() };
    let page = guests::queries::page(&backend.db, host, event, query).await?;
    page.rows.first().map(|row| row.id).ok_or(Error::Problem(Problem::NotFound))
}
