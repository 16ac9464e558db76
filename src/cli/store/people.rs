//! What is kept about somebody, shown and erased; and what is old, let go.

use crate::cli::error::CliError;
use crate::cli::output::{print, tell};
use crate::cli::store::command::Work;
use crate::clock::Clock;
use crate::store;
use crate::store::upkeep::person::Kept;

/// Whom it is about.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct About {
    /// A number that callers were sent on to, as the switch spells it
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// An attendant, as the switch names them
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
}

impl About {
    fn check(&self) -> Result<(), CliError> {
        let text = self.number.as_ref().or(self.agent.as_ref()).map_or("", |text| text.trim());
        if text.chars().count() < 2 {
            return Err(CliError::Usage("a number or name has two signs or more".to_owned()));
        }
        Ok(())
    }
}

/// Prints everything that is kept about a number or an attendant, as JSON.
pub(super) fn export(work: &Work, about: &About) -> Result<(), CliError> {
    about.check()?;
    let keeper = store::open_upkeep(&work.config.store, &work.config.directory)?;
    let kept = match (&about.number, &about.agent) {
        (Some(number), _) => keeper.about_number(number)?,
        (None, name) => keeper.about_agent(name.as_deref().unwrap_or_default())?,
    };
    let mut json = serde_json::to_vec_pretty(&kept).map_err(|error| CliError::Failed(error.to_string()))?;
    json.push(b'\n');
    print(&json)?;
    // Who looked somebody up is itself to be known.
    keeper.note(&work.act(&format!("{}_exported", what(about)), what(about), &told(&kept)))?;
    Ok(())
}

/// Erases a number or an attendant's name.
pub(super) fn erase(work: &Work, about: &About) -> Result<(), CliError> {
    about.check()?;
    let keeper = store::open_upkeep_alone(&work.config.store, &work.config.directory)?;
    let act = |kept: &Kept| work.act(&format!("{}_erased", what(about)), what(about), &told(kept));
    let kept = match (&about.number, &about.agent) {
        (Some(number), _) => keeper.erase_number(number, act)?,
        (None, name) => keeper.erase_agent(name.as_deref().unwrap_or_default(), act)?,
    };
    tell(&format!("erased from {}; every figure is as before", told(&kept)));
    Ok(())
}

fn what(about: &About) -> &'static str {
    if about.number.is_some() { "number" } else { "agent" }
}

fn told(kept: &Kept) -> String {
    let (transfers, calls, letters) = (kept.transfers.len(), kept.calls.len(), kept.dead_letters.len());
    format!("{transfers} transfers, the events of {calls} calls, {letters} dead letters")
}

/// Lets go what is older than the configuration says.
pub(super) fn retain(work: &Work) -> Result<(), CliError> {
    let keeper = store::open_upkeep(&work.config.store, &work.config.directory)?;
    let ages = work.config.upkeep.ages();
    let gone = keeper.let_go(&ages, Clock::system().now(), &|| true)?;
    let detail = format!(
        "{} calls, {} dead letters, {} facts, {} counts by quarter-hour",
        gone.calls, gone.dead_letters, gone.facts, gone.quarters
    );
    if gone.rows() > 0 {
        keeper.note(&work.act("let_go", "store", &detail))?;
    }
    tell(&format!("let go: {detail}"));
    Ok(())
}
