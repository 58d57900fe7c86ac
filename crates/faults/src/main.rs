//! Fault tests (`bin/faults`): runs GuestGuard as processes, breaks the services it needs in turn, and checks its guarantees
//! after each fault. Prints a table. Exits with 1 if a guarantee was violated. docs/RELIABILITY.md explains the table.

mod fixture;
mod invariants;
mod load;
mod node;
mod proxy;
mod scenarios;
mod services;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, bail};
use clap::Parser;

use crate::{
    fixture::Fixture,
    invariants::{Evidence, Invariant},
    scenarios::{ALL, Scale},
};

#[derive(Parser)]
struct Arguments {
    /// A short selection of small scenarios.
    #[arg(long)]
    quick: bool,
    /// Only these: F1, F2, … or "two nodes".
    #[arg(long)]
    only: Vec<String>,
    /// Minutes of faults at random.
    #[arg(long, default_value_t = 3)]
    soak_minutes: u64,
    /// Seed of the random choices, to repeat a run.
    #[arg(long)]
    seed: Option<u64>,
    /// The program under test.
    #[arg(long, default_value = "target/release/guestguard")]
    program: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    fastrand::seed(seed);
    let program = std::fs::canonicalize(&arguments.program).context("bin/faults builds it")?;
    eprintln!("seed {seed}");
    let scale = Scale { quick: arguments.quick, soak_minutes: arguments.soak_minutes };
    let mut fixture = Fixture::make(&program).await?;
    let mut violations = Vec::new();
    println!("| fault | what | injected | found | duplicates | recovery | observed | guarantees |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, is_quick, run) in ALL {
        let wanted = if arguments.only.is_empty() {
            is_quick || !scale.quick
        } else {
            arguments.only.iter().any(|one| one == name)
        };
        if !wanted {
            continue;
        }
        let begun = Instant::now();
        let rows = run(&mut fixture, scale)
            .await
            .with_context(|| format!("{name}; logs are in {}", fixture.folder.path().display()));
        let rows = rows.inspect_err(|_| fixture.folder.disable_cleanup(true))?;
        for row in rows {
            println!("{row}");
            violations.extend(row.violations);
        }
        check_all(&mut fixture, &mut violations, name).await?;
        eprintln!("{name}: {:.0} s", begun.elapsed().as_secs_f64());
    }
    println!();
    println!("| | guarantee | checked | violated on purpose |");
    println!("| --- | --- | --- | --- |");
    let evidence = Evidence::of(&fixture)?;
    let mut db = fixture.database().await?;
    for invariant in Invariant::ALL {
        let found = invariant.check(&evidence, &mut db).await?;
        let noticed = invariant.is_noticed(&evidence, &mut db).await?;
        let verdict = if noticed { "noticed" } else { "NOT NOTICED" };
        println!("| {invariant:?} | {} | {} | {verdict} |", invariant.guarantee(), found.checked);
        // A short run may leave nothing to check.
        if !noticed && arguments.only.is_empty() {
            violations.push(format!("{invariant:?} does not notice a violation"));
        }
    }
    if !violations.is_empty() {
        fixture.folder.disable_cleanup(true);
        bail!("{}\nlogs are in {}", violations.join("\n"), fixture.folder.path().display());
    }
    Ok(())
}

/// Checks all invariants.
async fn check_all(fixture: &mut Fixture, violations: &mut Vec<String>, after: &str) -> anyhow::Result<()> {
    let evidence = Evidence::of(fixture)?;
    let mut db = fixture.database().await?;
    for invariant in Invariant::ALL {
        let found = invariant.check(&evidence, &mut db).await?;
        violations
            .extend(found.violations.into_iter().take(5).map(|what| format!("{invariant:?} after {after}: {what}")));
    }
    Ok(())
}
