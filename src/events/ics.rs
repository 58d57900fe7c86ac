//! Calendar files (iCalendar, RFC 5545), and links to web calendars.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component, EventLike, EventStatus};

use super::Event;
use crate::links::Links;

/// The event as a calendar file. The UID never changes and SEQUENCE grows with each change, so a newer file moves the
/// entry instead of adding another. Times are in UTC (decision 005).
pub fn calendar_file(event: &Event, host: &str, links: &Links, page: &str) -> String {
    let mut entry = icalendar::Event::with_uid(&format!("{}@{}", event.id, links.domain()));
    entry
        .sequence(u32::try_from(event.sequence).unwrap_or_default())
        .timestamp(event.updated_at)
        .summary(&event.title)
        .starts(event.starts_at)
        .ends(event.ends_at.unwrap_or(event.starts_at + TimeDelta::hours(2)))
        .description(&description(event, host, page))
        .url(page)
        .status(if event.cancelled_at.is_some() { EventStatus::Cancelled } else { EventStatus::Confirmed });
    if !event.place().is_empty() {
        entry.location(&event.place());
    }
    let method = if event.cancelled_at.is_some() { "CANCEL" } else { "PUBLISH" };
    Calendar::empty()
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//GuestGuard//EN"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("METHOD", method))
        .push(entry.done())
        .done()
        .to_string()
}

/// A link that adds the event to Google Calendar.
pub fn google_link(event: &Event, page: &str) -> String {
    let end = event.ends_at.unwrap_or(event.starts_at + TimeDelta::hours(2));
    let stamp = |time: DateTime<Utc>| time.format("%Y%m%dT%H%M%SZ").to_string();
    query_link(
        "https://calendar.google.com/calendar/render",
        &[
            ("action", "TEMPLATE"),
            ("text", &event.title),
            ("dates", &format!("{}/{}", stamp(event.starts_at), stamp(end))),
            ("ctz", &event.time_zone),
            ("location", &event.place()),
            ("details", page),
        ],
    )
}

/// A link that adds the event to Outlook on the web.
pub fn outlook_link(event: &Event, page: &str) -> String {
    let end = event.ends_at.unwrap_or(event.starts_at + TimeDelta::hours(2));
    query_link(
        "https://outlook.live.com/calendar/0/action/compose",
        &[
            ("rru", "addevent"),
            ("subject", &event.title),
            ("startdt", &event.starts_at.to_rfc3339()),
            ("enddt", &end.to_rfc3339()),
            ("location", &event.place()),
            ("body", page),
        ],
    )
}

fn query_link(base: &str, pairs: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{base}?{query}")
}

fn description(event: &Event, host: &str, page: &str) -> String {
    let mut text = format!("Hosted by {host}. Your invitation: {page}");
    if !event.description.is_empty() {
        text = format!("{}\n\n{text}", event.description);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::times;

    fn event(zone: &str, start: &str) -> Event {
        let starts_at = times::moment(start.parse().unwrap(), zone.parse().unwrap()).unwrap();
        Event {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            title: "Dinner; with, \"friends\"\\".into(),
            description: "One\nTwo".into(),
            starts_at,
            ends_at: None,
            time_zone: zone.into(),
            venue: "Café".into(),
            address: "1 High Street\nTown".into(),
            capacity: None,
            rsvp_deadline: None,
            party_size: 1,
            theme: super::super::Theme::Garden,
            sequence: 3,
            cancelled_at: None,
            retention_months: 12,
            anonymise_at: Default::default(),
            anonymised_at: None,
            updated_at: starts_at,
        }
    }

    fn file(event: &Event) -> String {
        let links = Links::new("https://guests.example".parse().unwrap());
        calendar_file(event, "Grace", &links, "https://guests.example/i/x").replace("\r\n ", "")
    }

    #[test]
    fn the_file_carries_utc_times_and_escaped_text() {
        let text = file(&event("Europe/Berlin", "2027-06-20T18:30:00"));
        for line in [
            "METHOD:PUBLISH",
            "DTSTART:20270620T163000Z",
            "DTEND:20270620T183000Z",
            "SEQUENCE:3",
            "UID:01890a5d-ac96-774b-bcce-b302099a8057@guests.example",
            "SUMMARY:Dinner\\; with\\, \"friends\"\\\\",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn a_cancelled_event_says_so() {
        let mut event = event("UTC", "2027-01-10T10:00:00");
        event.cancelled_at = Some(event.starts_at);
        let text = file(&event);
        assert!(text.contains("STATUS:CANCELLED") && text.contains("METHOD:CANCEL"));
    }
}
