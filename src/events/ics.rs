use chrono::{DateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::{Calendar, CalendarDateTime, Component, EventLike, EventStatus};

use super::Event;
use crate::links::Links;

/// The event as a calendar file (RFC 5545). The UID stays the same for good and SEQUENCE grows with each change, so
/// that opening a newer file moves the entry instead of adding another. Times carry the event's zone with its rules.
pub fn calendar_file(event: &Event, host: &str, links: &Links, page: &str) -> String {
    let zone = event.zone();
    let mut entry = icalendar::Event::with_uid(&format!("{}@{}", event.id, links.domain()));
    entry
        .sequence(u32::try_from(event.sequence).unwrap_or_default())
        .timestamp(event.updated_at)
        .summary(&event.title)
        .starts(calendar_time(event.starts_at, zone))
        .ends(calendar_time(event.ends_at.unwrap_or(event.starts_at + TimeDelta::hours(2)), zone))
        .description(&description(event, host, page))
        .url(page)
        .status(if event.cancelled_at.is_some() { EventStatus::Cancelled } else { EventStatus::Confirmed });
    if !event.place().is_empty() {
        entry.location(&event.place());
    }
    let method = if event.cancelled_at.is_some() { "CANCEL" } else { "PUBLISH" };
    let calendar = Calendar::empty()
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//GuestGuard//EN"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("METHOD", method))
        .push(entry.done())
        .done();
    // The crate cannot write a time zone: it would give its parts UIDs, which RFC 5545 does not allow there.
    calendar.to_string().replacen("BEGIN:VEVENT", &format!("{}BEGIN:VEVENT", time_zone(event, zone)), 1)
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

fn calendar_time(time: DateTime<Utc>, zone: Tz) -> CalendarDateTime {
    match zone {
        Tz::UTC => CalendarDateTime::Utc(time),
        zone => CalendarDateTime::WithTimezone {
            date_time: time.with_timezone(&zone).naive_local(),
            tzid: zone.name().to_owned(),
        },
    }
}

/// The rules of the event's zone that hold from its start to its end; nothing for UTC, which needs none.
fn time_zone(event: &Event, zone: Tz) -> String {
    if zone == Tz::UTC {
        return String::new();
    }
    let mut observances = vec![observance(event.starts_at, zone)];
    let last = observance(event.ends_at.unwrap_or(event.starts_at), zone);
    if !observances.contains(&last) {
        observances.push(last);
    }
    let mut lines = vec!["BEGIN:VTIMEZONE".to_owned(), format!("TZID:{}", zone.name())];
    lines.extend(observances.into_iter().flatten());
    lines.push("END:VTIMEZONE".to_owned());
    lines.into_iter().map(|line| line + "\r\n").collect()
}

/// The clock rule that holds at `time`: since when, and the offsets before and after it began.
fn observance(time: DateTime<Utc>, zone: Tz) -> Vec<String> {
    let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    let to = offset(time);
    let began = began(time, &offset);
    let from = began.map_or(to, |at| offset(at - TimeDelta::seconds(1)));
    // DTSTART is told in the local time that held just before the change (RFC 5545, 3.6.5).
    let start = match began {
        Some(at) => (at + TimeDelta::seconds(from.into())).format("%Y%m%dT%H%M%S").to_string(),
        None => "19700101T000000".to_owned(),
    };
    let kind = if to > from || (to == from && is_summer(time, zone)) { "DAYLIGHT" } else { "STANDARD" };
    vec![
        format!("BEGIN:{kind}"),
        format!("DTSTART:{start}"),
        format!("TZOFFSETFROM:{}", offset_words(from)),
        format!("TZOFFSETTO:{}", offset_words(to)),
        format!("TZNAME:{}", time.with_timezone(&zone).format("%Z")),
        format!("END:{kind}"),
    ]
}

/// The first moment of the offset that holds at `time`, looking back a year and a month.
fn began(time: DateTime<Utc>, offset: &impl Fn(DateTime<Utc>) -> i32) -> Option<DateTime<Utc>> {
    let now = offset(time);
    let before = (1..400).map(|days| time - TimeDelta::days(days)).find(|at| offset(*at) != now)?;
    let (mut other, mut same) = (before.timestamp(), before.timestamp() + 86_400);
    while same - other > 1 {
        let middle = other + (same - other) / 2;
        if offset(DateTime::from_timestamp(middle, 0)?) == now { same = middle } else { other = middle }
    }
    DateTime::from_timestamp(same, 0)
}

fn is_summer(time: DateTime<Utc>, zone: Tz) -> bool {
    use chrono_tz::OffsetComponents;
    zone.offset_from_utc_datetime(&time.naive_utc()).dst_offset() > TimeDelta::zero()
}

fn offset_words(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", seconds.abs() / 3600, seconds.abs() % 3600 / 60)
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
    fn the_file_carries_local_time_with_the_rules_of_its_zone() {
        let text = file(&event("Europe/Berlin", "2027-06-20T18:30:00"));
        for line in [
            "DTSTART;TZID=Europe/Berlin:20270620T183000",
            "BEGIN:DAYLIGHT",
            "DTSTART:20270328T020000",
            "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200",
            "SEQUENCE:3",
            "UID:01890a5d-ac96-774b-bcce-b302099a8057@guests.example",
            "SUMMARY:Dinner\\; with\\, \"friends\"\\\\",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn zones_without_summer_time_and_utc_need_no_change_rule() {
        let india = file(&event("Asia/Kolkata", "2027-01-10T10:00:00"));
        assert!(
            india.contains("DTSTART:19700101T000000\r\nTZNAME:IST") || india.contains("TZOFFSETTO:+0530"),
            "{india}"
        );
        let utc = file(&event("UTC", "2027-01-10T10:00:00"));
        assert!(utc.contains("DTSTART:20270110T100000Z") && !utc.contains("VTIMEZONE"), "{utc}");
    }

    #[test]
    fn a_cancelled_event_says_so() {
        let mut event = event("UTC", "2027-01-10T10:00:00");
        event.cancelled_at = Some(event.starts_at);
        let text = file(&event);
        assert!(text.contains("STATUS:CANCELLED") && text.contains("METHOD:CANCEL"));
    }
}
