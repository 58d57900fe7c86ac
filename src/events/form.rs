//! Validation of the event form.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{DEFAULT_RETENTION_MONTHS, Event, EventForm, MOST_IN_PARTY, RETENTION_MONTHS, Theme, times};
use crate::problem::{FieldError, Fields, Problem};

/// A valid event form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub title: String,
    pub description: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub time_zone: String,
    pub venue: String,
    pub address: String,
    pub capacity: Option<i32>,
    pub rsvp_deadline: Option<NaiveDate>,
    pub party_size: i32,
    pub theme: Theme,
    pub retention_months: i32,
}

impl EventForm {
    /// The valid event, or all errors of the form. A start in the past is allowed.
    pub fn parse(&self) -> Result<NewEvent, Problem> {
        let mut fields = Fields::default();
        let title = fields.required_line("title", &self.title, 120);
        let description = fields.optional("description", &self.description, 4000);
        let venue = fields.optional_line("venue", &self.venue, 160);
        let address = fields.optional("address", &self.address, 300);
        let capacity = fields.number("capacity", &self.capacity, 1, 100_000);
        let party_size = fields.number("party_size", &self.party_size, 1, MOST_IN_PARTY).unwrap_or(1);
        let zone = self.time_zone.trim().parse::<Tz>().ok();
        if zone.is_none() {
            fields.error("time_zone", FieldError::UnknownTimeZone);
        }
        let starts_at = local_time(&mut fields, "starts", &self.starts, zone);
        let ends_at = local_time(&mut fields, "ends", &self.ends, zone);
        if self.starts.trim().is_empty() {
            fields.error("starts", FieldError::Required);
        }
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end <= start
        {
            fields.error("ends", FieldError::EndsBeforeStart);
        }
        let rsvp_deadline = date(&mut fields, "rsvp_deadline", &self.rsvp_deadline);
        if let (Some(day), Some(start), Some(zone)) = (rsvp_deadline, starts_at, zone)
            && day > start.with_timezone(&zone).date_naive()
        {
            fields.error("rsvp_deadline", FieldError::RsvpDeadlineAfterStart);
        }
        let theme = match self.theme.as_str() {
            "" => Some(Theme::default()),
            key => key.parse().ok(),
        };
        if theme.is_none() {
            fields.error("theme", FieldError::NotAChoice);
        }
        let retention_months = match self.retention_months.trim() {
            "" => DEFAULT_RETENTION_MONTHS,
            months => months.parse().ok().filter(|months| RETENTION_MONTHS.contains(months)).unwrap_or_else(|| {
                fields.error("retention_months", FieldError::NotAChoice);
                DEFAULT_RETENTION_MONTHS
            }),
        };
        fields.finish(NewEvent {
            title,
            description,
            starts_at: starts_at.unwrap_or_default(),
            ends_at,
            time_zone: zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
            venue,
            address,
            capacity: capacity.map(|seats| seats as i32),
            rsvp_deadline,
            party_size: party_size as i32,
            theme: theme.unwrap_or_default(),
            retention_months,
        })
    }

    /// The form filled with `event`.
    pub fn of(event: &Event) -> Self {
        let zone = event.zone();
        Self {
            title: event.title.clone(),
            description: event.description.clone(),
            starts: times::input_value(event.starts_at, zone),
            ends: event.ends_at.map(|end| times::input_value(end, zone)).unwrap_or_default(),
            time_zone: event.time_zone.clone(),
            venue: event.venue.clone(),
            address: event.address.clone(),
            capacity: event.capacity.map(|seats| seats.to_string()).unwrap_or_default(),
            rsvp_deadline: event.rsvp_deadline.map(|day| day.to_string()).unwrap_or_default(),
            party_size: event.party_size.to_string(),
            theme: event.theme.into_str().to_owned(),
            retention_months: event.retention_months.to_string(),
        }
    }
}

fn local_time(fields: &mut Fields, field: &str, text: &str, zone: Option<Tz>) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let parsed = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .filter(|time| in_calendar(time.date()));
    let Some(local) = parsed else {
        fields.error(field, FieldError::NotADate);
        return None;
    };
    let moment = times::moment(local, zone?);
    if moment.is_none() {
        fields.error(field, FieldError::NoSuchTime);
    }
    moment
}

fn date(fields: &mut Fields, field: &str, text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| in_calendar(*day));
    if parsed.is_none() {
        fields.error(field, FieldError::NotADate);
    }
    parsed
}

/// Excludes mistyped years, and those that PostgreSQL cannot store.
fn in_calendar(day: NaiveDate) -> bool {
    use chrono::Datelike;
    (1900..=2200).contains(&day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> EventForm {
        EventForm {
            title: "Midsummer dinner".into(),
            starts: "2027-06-20T18:30".into(),
            ends: "2027-06-20T23:00".into(),
            time_zone: "Europe/Berlin".into(),
            ..EventForm::default()
        }
    }

    fn errors(form: &EventForm) -> Vec<(String, FieldError)> {
        match form.parse() {
            Err(Problem::Invalid(faults)) => faults.into_iter().map(|f| (f.field, f.error)).collect(),
            other => panic!("must be refused: {other:?}"),
        }
    }

    #[test]
    fn local_time_becomes_the_moment_in_the_events_zone() {
        let event = form().parse().unwrap();
        assert_eq!(event.starts_at.to_rfc3339(), "2027-06-20T16:30:00+00:00");
        assert_eq!(event.party_size, 1);
        assert_eq!(event.theme, Theme::Letterpress);
    }

    #[test]
    fn an_hour_that_the_clocks_skip_is_refused() {
        let skipped = EventForm { starts: "2027-03-28T02:30".into(), ends: String::new(), ..form() };
        assert_eq!(errors(&skipped), [("starts".to_owned(), FieldError::NoSuchTime)]);
    }

    #[test]
    fn an_hour_that_comes_twice_means_the_first() {
        let twice = EventForm { starts: "2027-10-31T02:30".into(), ends: String::new(), ..form() };
        assert_eq!(twice.parse().unwrap().starts_at.to_rfc3339(), "2027-10-31T00:30:00+00:00");
    }

    #[test]
    fn every_bad_field_is_named() {
        let bad = EventForm {
            title: " ".into(),
            starts: "soon".into(),
            time_zone: "Mars/Olympus".into(),
            capacity: "0".into(),
            rsvp_deadline: "2027-13-01".into(),
            party_size: "21".into(),
            theme: "plaid".into(),
            ..form()
        };
        let named: Vec<_> = errors(&bad).into_iter().map(|(field, _)| field).collect();
        assert_eq!(named, ["title", "capacity", "party_size", "time_zone", "starts", "rsvp_deadline", "theme"]);
    }

    #[test]
    fn the_end_and_the_reply_by_date_stay_in_order() {
        let ends = EventForm { ends: "2027-06-20T18:30".into(), ..form() };
        assert_eq!(errors(&ends), [("ends".to_owned(), FieldError::EndsBeforeStart)]);
        let reply = EventForm { rsvp_deadline: "2027-06-21".into(), ..form() };
        assert_eq!(errors(&reply), [("rsvp_deadline".to_owned(), FieldError::RsvpDeadlineAfterStart)]);
    }
}
