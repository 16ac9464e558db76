//! Who is who, and when: queues, units, organisations, opening hours.
//!
//! Built once from the configuration and never changed; asked with a moment where the answer
//! depends on it. Knows no event and no file: what was read comes in as values.
//!
//! - [`house`]: the [`Directory`] itself, all names in one place
//! - [`queue`]: a measured queue, its switch-side names, thresholds, objective, short limit, clock
//! - [`mod@unit`]: organisations and units, extension ranges with validity dates
//! - [`earlier`]: the rules that held before a change
//! - [`hours`]: opening hours with public holidays and dated exceptions

pub mod earlier;
pub mod hours;
pub mod house;
pub mod queue;
pub mod unit;

pub use earlier::{EarlierSettings, Terms};
pub use hours::Hours;
pub use house::Directory;
pub use queue::{ClockStart, Objective, ObjectiveSettings, Queue, QueueSettings, SwitchQueue};
pub use unit::{Organisation, OrganisationSettings, Unit, UnitRow, Units};
