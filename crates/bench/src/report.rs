//! Report: goals, rounds, medians, and the table.

use std::fmt;

use serde_json::{Value, json};

/// The median.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The spread, as a share of the median.
pub fn spread(figures: &[f64]) -> f64 {
    let (least, most) =
        figures.iter().fold((f64::MAX, f64::MIN), |(least, most), figure| (least.min(*figure), most.max(*figure)));
    (most - least) / median(figures.to_vec())
}

/// Goal of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(goal) => figure >= goal,
            Self::AtMost(goal) => figure <= goal,
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
struct Row {
    what: String,
    /// What was measured, and against what.
    measured: String,
    figure: f64,
    goal: Goal,
    unit: &'static str,
}

#[derive(Debug)]
pub struct Report {
    quick: bool,
    rows: Vec<Row>,
}

impl Report {
    pub fn new(quick: bool) -> Self {
        Self { quick, rows: Vec::new() }
    }

    /// Adds a line and prints it at once, since a run takes minutes.
    pub fn add(&mut self, what: &str, figure: f64, unit: &'static str, goal: Goal, measured: String) {
        let row = Row { what: what.to_owned(), measured, figure, goal, unit };
        eprintln!("{row}");
        self.rows.push(row);
    }

    pub fn json(&self) -> String {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let (bound, goal) = match row.goal {
                    Goal::AtLeast(goal) => ("at least", goal),
                    Goal::AtMost(goal) => ("at most", goal),
                };
                json!({
                    "what": row.what, "figure": row.figure, "unit": row.unit, "bound": bound, "goal": goal,
                    "met": row.goal.is_met(row.figure), "measured": row.measured,
                })
            })
            .collect();
        format!("{:#}\n", json!({ "quick": self.quick, "rows": rows }))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.goal.is_met(self.figure) { "met" } else { "MISSED" };
        let (sign, goal) = match self.goal {
            Goal::AtLeast(goal) => (">=", goal),
            Goal::AtMost(goal) => ("<=", goal),
        };
        let Self { what, figure, unit, measured, .. } = self;
        write!(f, "| {what} | {figure:.2}{unit} | {sign} {goal}{unit} | {verdict} | {measured} |")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | figure | goal | verdict | measured |\n| --- | --- | --- | --- | --- |")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        let met = self.rows.iter().filter(|row| row.goal.is_met(row.figure)).count();
        write!(f, "\n{met} of {} goals met", self.rows.len())?;
        if self.quick { write!(f, " (a quick run: figures vary)") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_round_does_not_change_the_median() {
        assert_eq!(median(vec![3.0, 1.0, 900.0]), 3.0);
        assert_eq!(spread(&[2.0, 1.0, 3.0]), 1.0);
        assert!(Goal::AtLeast(0.35).is_met(0.35) && !Goal::AtMost(4.0).is_met(4.1));
    }
}
