//! Progress bar of long commands.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pg_backup::{NoProgress, Progress};

/// One line of the terminal; nothing where there is no terminal.
pub fn bar() -> Box<dyn Progress> {
    let bar = ProgressBar::new_spinner();
    if bar.is_hidden() {
        return Box::new(NoProgress);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    Box::new(ProgressLine { bar })
}

struct ProgressLine {
    bar: ProgressBar,
}

impl Progress for ProgressLine {
    fn step(&self, name: &str) {
        self.bar.set_style(style("{spinner} {msg} …  {elapsed}"));
        self.bar.set_message(name.to_owned());
    }

    fn bytes(&self, done: u64, total: Option<u64>) {
        if let Some(total) = total
            && self.bar.length() != Some(total)
        {
            self.bar.set_length(total);
            self.bar.set_style(style("{spinner} {msg} …  {bytes} of {total_bytes}  {elapsed}"));
        }
        self.bar.set_position(done);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
