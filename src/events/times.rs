//! Time zones, and readable dates and times of events.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

use super::Event;

/// The time zone of a stored IANA name; UTC if a later release of the time-zone database dropped it.
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The IANA names offered in forms: areas with cities, and UTC.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    const AREAS: [&str; 9] =
        ["Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/"];
    std::iter::once("UTC").chain(
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|name| AREAS.iter().any(|a| name.starts_with(a))),
    )
}

/// The instant of a local time: the earlier one where clocks go back, `None` where they skip it.
pub fn moment(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&local).earliest().map(|time| time.with_timezone(&Utc))
}

/// The end of `day` in `zone`.
pub fn end_of_day(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    // Where clocks go forward at midnight, the next day begins an hour later.
    moment(midnight, zone).or_else(|| moment(midnight + chrono::TimeDelta::hours(1), zone))
}

/// "2026-12-24T18:30", the value of an `<input type="datetime-local">`.
pub fn input_value(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string()
}

/// "Thursday, 24 December 2026".
pub fn long_date(day: NaiveDate) -> String {
    day.format("%A, %-d %B %Y").to_string()
}

/// "24 December 2026".
pub fn date(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// "24 Dec, 18:30": a moment in a feed or table.
pub fn short(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%-d %b, %H:%M").to_string()
}

impl Event {
    /// The day on which guest data will be or was deleted, "20 June 2028".
    pub fn kept_until(&self) -> String {
        date(self.anonymised_at.unwrap_or(self.anonymise_at).with_timezone(&self.zone()).date_naive())
    }

    pub fn zone(&self) -> Tz {
        zone(&self.time_zone)
    }

    /// "Thursday, 24 December 2026, 18:30 to 23:00", or with both dates where it ends on a later day.
    pub fn when(&self) -> String {
        let start = self.starts_at.with_timezone(&self.zone());
        let begin = format!("{}, {}", long_date(start.date_naive()), start.format("%H:%M"));
        let Some(end) = self.ends_at.map(|end| end.with_timezone(&self.zone())) else { return begin };
        // An event that ends before six in the morning belongs to the evening before.
        let night = start.date_naive().succ_opt() == Some(end.date_naive()) && end.time() <= six();
        if start.date_naive() == end.date_naive() || night {
            format!("{begin} to {}", end.format("%H:%M"))
        } else {
            format!("{begin} to {}, {}", long_date(end.date_naive()), end.format("%H:%M"))
        }
    }

    /// "Europe/Berlin (CET)", with the offset where the zone has no abbreviation, and just "UTC".
    pub fn zone_words(&self) -> String {
        let start = self.starts_at.with_timezone(&self.zone());
        let name = start.format("%Z").to_string();
        if name == self.time_zone {
            name
        } else if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            format!("{} ({name})", self.time_zone)
        } else {
            format!("{} (UTC{})", self.time_zone, start.offset().fix())
        }
    }

    /// "Thu 24 Dec" and the year unless it is `now`'s.
    pub fn short_when(&self, now: DateTime<Utc>) -> String {
        let start = self.starts_at.with_timezone(&self.zone());
        let year = start.year() != now.with_timezone(&self.zone()).year();
        start.format(if year { "%a %-d %b %Y, %H:%M" } else { "%a %-d %b, %H:%M" }).to_string()
    }

    /// When RSVPs close: at the end of the deadline day, at the latest at the start.
    pub fn answers_close_at(&self) -> DateTime<Utc> {
        let rsvp_deadline = self.rsvp_deadline.and_then(|day| end_of_day(day, self.zone()));
        rsvp_deadline.map_or(self.starts_at, |close| close.min(self.starts_at))
    }

    /// Whether guests can still reply.
    pub fn takes_answers(&self, now: DateTime<Utc>) -> bool {
        self.cancelled_at.is_none() && now < self.answers_close_at()
    }

    pub fn is_past(&self, now: DateTime<Utc>) -> bool {
        self.ends_at.unwrap_or(self.starts_at) < now
    }

    /// Venue and address on one line.
    pub fn place(&self) -> String {
        [self.venue.as_str(), self.address.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
            .replace('\n', ", ")
    }
}

fn six() -> NaiveTime {
    NaiveTime::from_hms_opt(6, 0, 0).unwrap_or(NaiveTime::MIN)
}
