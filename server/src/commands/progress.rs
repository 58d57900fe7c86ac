use std::time::Duration;

use guestguard::backup::{Progress, Quiet};
use indicatif::{ProgressBar, ProgressStyle};

/// What goes on, on one line of the terminal. Where nobody looks it says nothing.
pub fn watch() -> Box<dyn Progress> {
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        return Box::new(Quiet);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    Box::new(Line { bar })
}

struct Line {
    bar: ProgressBar,
}

impl Progress for Line {
    fn step(&self, what: &str) {
        self.bar.set_style(style("{spinner} {msg} …  {elapsed}"));
        self.bar.set_message(what.to_owned());
    }

    fn done(&self, bytes: u64, of: Option<u64>) {
        if let Some(whole) = of
            && self.bar.length() != Some(whole)
        {
            self.bar.set_length(whole);
            self.bar.set_style(style("{spinner} {msg} …  {bytes} of {total_bytes}  {elapsed}"));
        }
        self.bar.set_position(bytes);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
