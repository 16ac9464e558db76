//! Months closed, corrected, counted anew.

use std::path::Path;

use crate::cli::error::CliError;
use crate::cli::output::{Bar, tell};
use crate::cli::store::command::Work;
use crate::cli::store::whole::local;
use crate::clock::Clock;
use crate::measure::Moment;
use crate::report::rules::months;
use crate::stats::period::Period;
use crate::store::closing::{ENDED, LATE};
use crate::store::upkeep::signing::StillOpen;
use crate::store::{self, Upkeep};

/// Closes every month that can be, or those of a period; a closed one whose figures have changed is
/// revised.
pub(super) fn close(work: &Work, period: Option<&str>, why: Option<&str>) -> Result<(), CliError> {
    let keeper = store::open_upkeep(&work.config.store, &work.config.directory)?;
    let (now, stale_after) = (Clock::system().now(), work.config.tracker.stale_after);
    let wanted = match period {
        Some(period) => starts(work, period)?,
        None => keeper.months()?,
    };
    let mut open = Vec::new();
    for month in wanted {
        let name = keeper.spoken(month);
        let act = |act: &str, usual: &str| work.act(act, &name, why.unwrap_or(usual));
        if let Some(last) = keeper.closing_of(month)? {
            match keeper.changed_since_signed(&last)? {
                0 if period.is_some() => {
                    tell(&format!("{name} is closed, revision {}: nothing has changed", last.revision));
                }
                0 => {}
                changed => {
                    let revision = keeper.sign(month, &act("month_revised", LATE))?;
                    tell(&format!(
                        "{name} is revised: revision {revision}, {changed} figures differ; the report says which"
                    ));
                }
            }
            continue;
        }
        match keeper.still_open(month, now, stale_after)? {
            None => {
                keeper.sign(month, &act("month_closed", ENDED))?;
                tell(&format!("{name} is closed: revision 1"));
            }
            Some(reason) => {
                let reason = match reason {
                    StillOpen::Until(at) => {
                        format!("it can be closed from {} on", local(at, work.config.directory.zone()))
                    }
                    StillOpen::Calls => "calls of it have not ended".to_owned(),
                    StillOpen::Untold => "no source has told of the time after it".to_owned(),
                };
                open.push(format!("{name} cannot be closed yet: {reason}"));
            }
        }
    }
    warn_of_rules(&keeper)?;
    if period.is_some() && !open.is_empty() {
        return Err(CliError::Failed(open.join("; ")));
    }
    open.iter().for_each(|line| tell(line));
    Ok(())
}

/// Says where the configuration has other rules than a month was signed under.
fn warn_of_rules(keeper: &Upkeep) -> Result<(), CliError> {
    for (month, queue) in keeper.changed_rules()? {
        let month = keeper.spoken(month);
        tell(&format!(
            "{month} was signed under other rules of queue `{queue}` than the configuration has for it: say in \
             [[queue.earlier]] what held then, or count it anew with `servicegrad store recompute --period {month}`"
        ));
    }
    Ok(())
}

/// Counts months anew from their facts.
pub(super) fn recompute(work: &Work, period: &str, why: &str, config: &Path) -> Result<(), CliError> {
    let keeper = store::open_upkeep_alone(&work.config.store, &work.config.directory)?;
    let wanted = starts(work, period)?;
    let bar = Bar::new("months");
    let mut told = Vec::new();
    for (at, month) in wanted.iter().enumerate() {
        let name = keeper.spoken(*month);
        let act = work.act("figures_recomputed", &name, why);
        let recounted = keeper.recount(*month, &act)?;
        told.push(match recounted.revision {
            Some(revision) => format!("{name}: {} facts counted anew, now revision {revision}", recounted.facts),
            None => format!("{name}: {} facts counted anew", recounted.facts),
        });
        bar.at(at as u64 + 1, wanted.len() as u64);
    }
    bar.end();
    told.iter().for_each(|line| tell(line));
    tell(&format!("the rules are those of {}", config.display()));
    Ok(())
}

/// First instants of the months of a period.
fn starts(work: &Work, period: &str) -> Result<Vec<Moment>, CliError> {
    let period = Period::parse(period).map_err(CliError::Usage)?;
    let zone = work.config.directory.zone();
    Ok(months(period).into_iter().map(|month| crate::clock::local_midnight(month, zone)).collect())
}
