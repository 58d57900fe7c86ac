//! `bin/faults`: GuestGuard as processes of its own, with what it stands on broken in turn, and its promises looked at after
//! each fault. Prints a table; ends with 1 where a promise was broken. docs/RELIABILITY.md says how to read it.

/// What must hold, and whether a breach of it would be noticed.
mod invariants;
/// Guests who answer.
mod load;
/// A mail server with moods, which keeps a list.
mod mail;
/// A node or worker.
mod node;
/// A network that can fail.
mod proxy;
/// What is broken, and what comes of it.
mod scenarios;
/// PostgreSQL and Redis of our own.
mod services;
/// Everything together.
mod world;

use std::{path::PathBuf, time::Instant};

use anyhow::{Context, bail};
use clap::Parser;

use crate::{
    invariants::{Evidence, Invariant},
    scenarios::{ALL, Scale},
    world::World,
};

#[derive(Parser)]
struct Arguments {
    /// The short selection, with little of each.
    #[arg(long)]
    quick: bool,
    /// Only these: F1, F2, … or "two nodes".
    #[arg(long)]
    only: Vec<String>,
    /// Minutes of faults at random.
    #[arg(long, default_value_t = 3)]
    soak_minutes: u64,
    /// Repeats a run's choices.
    #[arg(long)]
    seed: Option<u64>,
    /// The program that is looked at.
    #[arg(long, default_value = "target/release/guestguard")]
    program: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    fastrand::seed(seed);
    let program = std::fs::canonicalize(&arguments.program).context("bin/faults builds what it looks at")?;
    eprintln!("seed {seed}");
    let scale = Scale { quick: arguments.quick, soak_minutes: arguments.soak_minutes };
    let mut world = World::make(&program).await?;
    let mut broken = Vec::new();
    println!(
        "| fault | what | injected | writes found of acknowledged | duplicates | slowest recovery | seen | promise |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (name, in_short, run) in ALL {
        let wanted = if arguments.only.is_empty() {
            in_short || !scale.quick
        } else {
            arguments.only.iter().any(|one| one == name)
        };
        if !wanted {
            continue;
        }
        let begun = Instant::now();
        let rows = run(&mut world, scale)
            .await
            .with_context(|| format!("{name}; logs are in {}", world.folder.path().display()));
        let rows = rows.inspect_err(|_| world.folder.disable_cleanup(true))?;
        for row in rows {
            println!("{row}");
            broken.extend(row.broken);
        }
        look(&mut world, &mut broken, name).await?;
        eprintln!("{name}: {:.0} s", begun.elapsed().as_secs_f64());
    }
    println!();
    println!("| promise | | looked at | broken on purpose |");
    println!("| --- | --- | --- | --- |");
    let evidence = Evidence::of(&world)?;
    let mut db = world.database().await?;
    for invariant in Invariant::ALL {
        let found = invariant.look(&evidence, &mut db).await?;
        let noticed = invariant.is_noticed(&evidence, &mut db).await?;
        let verdict = if noticed { "noticed" } else { "NOT NOTICED" };
        println!("| {invariant:?} | {} | {} | {verdict} |", invariant.promise(), found.looked_at);
        // Where little was run there may be nothing to look at.
        if !noticed && arguments.only.is_empty() {
            broken.push(format!("{invariant:?} would not notice a breach"));
        }
    }
    if !broken.is_empty() {
        world.folder.disable_cleanup(true);
        bail!("{}\nlogs are in {}", broken.join("\n"), world.folder.path().display());
    }
    Ok(())
}

/// What must hold after each fault.
async fn look(world: &mut World, broken: &mut Vec<String>, after: &str) -> anyhow::Result<()> {
    let evidence = Evidence::of(world)?;
    let mut db = world.database().await?;
    for invariant in Invariant::ALL {
        let found = invariant.look(&evidence, &mut db).await?;
        broken.extend(found.broken.into_iter().take(5).map(|what| format!("{invariant:?} after {after}: {what}")));
    }
    Ok(())
}
