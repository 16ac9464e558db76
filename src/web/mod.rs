//! The web: wallboard, pages, API, live figures, metrics, health, intake of posted events.
//!
//! Reads finished snapshots and asks the store; never reaches into the engine. Whoever asks is a
//! [`Visitor`](visitor::Visitor) with rights and a sight; what lies outside is as if it were not there.
//!
//! - [`settings`]: `[http]` of the configuration · [`shared`]: what every page shares
//! - [`routes`]: what is served where, and who may · [`access`]: who is let through
//! - [`serve`]: connections and their limits · [`seats`]: who has a place · [`patient`]: slow readers
//! - [`visitor`]: who asks · [`gate`]: every way to be let in · [`grant`]: roles and what they show
//! - [`tokens`], [`users`]: in files, [`kept`] by commands · [`proxy`]: single sign-on
//! - [`login`]: logging in and out · [`sessions`]: who has · [`attempts`]: how often may be guessed
//! - [`audit`]: who came and went · [`refusal`]: why there is no answer
//! - [`live`]: the live figures as JSON and as a stream · [`view`], [`figures`]: the types that leave
//!   the house · [`readers`]: questions to the store · [`stretch`]: the days they are about
//! - [`board`]: the wallboard · [`pages`]: the pages for the desk · [`frame`], [`look`]: what is
//!   around them · [`assets`]: their style and scripts
//! - [`alerts`]: how the alerts stand, silences
//! - [`api`]: the API · [`health`]: alive, ready, metrics · [`standby`]: not yet ready
//! - [`ingest`], [`tickets`]: posted events and tickets · [`sender`]: who may post, how much
//! - [`unpack`], [`body`]: bodies

pub mod access;
pub mod alerts;
pub mod api;
pub mod assets;
pub mod attempts;
pub mod audit;
pub mod board;
pub mod body;
pub mod figures;
pub mod frame;
pub mod gate;
pub mod grant;
pub mod health;
pub mod ingest;
pub mod kept;
pub mod live;
pub mod login;
pub mod look;
pub mod pages;
pub mod patient;
pub mod proxy;
pub mod readers;
pub mod refusal;
pub mod routes;
pub mod seats;
pub mod sender;
pub mod serve;
pub mod sessions;
pub mod settings;
pub mod shared;
pub mod standby;
pub mod stretch;
pub mod tickets;
pub mod tokens;
pub mod unpack;
pub mod users;
pub mod view;
pub mod visitor;

pub use routes::router;
pub use settings::HttpSettings;
pub use shared::Shared;
