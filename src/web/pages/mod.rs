//! The pages for the desk: made whole on the server, from the same views as the API, without script.
//!
//! - [`answer`]: a page, or why there is none
//! - [`units`]: the answer rate of each unit, and what is behind it
//! - [`queue`]: one queue, a day by quarter-hour · [`heat`]: its weeks by hour
//! - [`reports`]: the reports · [`status`]: how the daemon fares · [`audit`]: who did what
//! - [`staffing`]: attendants needed, and what of another number
//! - [`accessibility`]: the accessibility statement
//! - [`draw`]: tables, bars and charts that several of them have

pub mod accessibility;
pub mod answer;
pub mod audit;
pub mod draw;
pub mod heat;
pub mod queue;
pub mod reports;
pub mod staffing;
pub mod status;
pub mod units;
