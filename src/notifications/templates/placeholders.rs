//! Placeholders in a host's own text: `{guest.name}` and the like, filled in for each guest.

/// What may stand in a text, in curly brackets.
pub const PLACEHOLDERS: [&str; 6] =
    ["{guest.name}", "{guest.first_name}", "{event.title}", "{event.date}", "{host.name}", "{link}"];

/// The values for one guest.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub guest: &'a str,
    pub event: &'a str,
    pub date: &'a str,
    pub host: &'a str,
    pub link: &'a str,
}

/// Fills in the placeholders of `text`. Text inside a value is never taken for a placeholder.
pub fn fill(text: &str, values: Values<'_>) -> String {
    let first_name = values.guest.split_whitespace().next().unwrap_or(values.guest);
    let replacements = [values.guest, first_name, values.event, values.date, values.host, values.link];
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        match PLACEHOLDERS.iter().position(|placeholder| rest.starts_with(placeholder)) {
            Some(at) => {
                filled.push_str(replacements[at]);
                rest = &rest[PLACEHOLDERS[at].len()..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_by_their_values_and_nothing_else_is() {
        let values = Values {
            guest: "Ada {link} Lovelace",
            event: "Dinner",
            date: "20 June",
            host: "Ana",
            link: "http://x/i/1",
        };
        assert_eq!(
            fill("Hi {guest.first_name}, {event.title} {x} {{link}}", values),
            "Hi Ada, Dinner {x} {http://x/i/1}"
        );
        assert_eq!(fill("{guest.name}", values), "Ada {link} Lovelace");
    }
}
