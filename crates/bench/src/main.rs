//! Benchmarks (`bin/bench`): measures GuestGuard and minimal controls alternately in one run, so that effects of the machine
//! cancel out. Prints a table with goals and verdicts. docs/PERFORMANCE.md explains it.

mod control;
mod load;
mod report;
mod rows;
mod seed;
mod serving;

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use guestguard::backup::drills::Scratch;

use crate::{report::Report, rows::Measuring};

#[derive(Parser)]
struct Arguments {
    /// Fewer and shorter rounds, and the small database only.
    #[arg(long)]
    quick: bool,
    /// Also writes the figures to this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Serves the controls. Started by the program itself.
    Control { database: String },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(Part::Control { database }) = arguments.part {
        return control::serve(&database).await;
    }
    let server = std::env::var("GG_DATABASE_URL").context("GG_DATABASE_URL is not set; run bin/bench")?;
    let scratch = Scratch::create(&server).await?;
    let measured = measure(&scratch.url, arguments.quick).await;
    scratch.remove().await?;
    let report = measured?;
    println!("{report}");
    if let Some(file) = arguments.json {
        std::fs::write(&file, report.json()).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

async fn measure(database: &str, quick: bool) -> anyhow::Result<Report> {
    let mut report = Report::new(quick);
    let mut measuring = Measuring::begin(database, quick).await?;
    measuring.pages(&mut report).await?;
    measuring.lists(&mut report).await?;
    measuring.sizes(&mut report).await?;
    measuring.browser(&mut report).await?;
    measuring.growth(&mut report).await?;
    measuring.end(&mut report).await?;
    Ok(report)
}
