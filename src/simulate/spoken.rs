//! A switch that speaks a wire protocol: pure, so that a test can tear, cut and delay what it says.

use crate::event::CallEvent;
use crate::measure::Moment;

/// Something that the switch says, and the class of things that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// A listener hears the classes that it asked for.
    pub class: &'static str,
    /// The bytes on the wire, as text.
    pub text: String,
}

/// A switch with a protocol.
pub trait Spoken: Send + 'static {
    /// The switch's side of one connection.
    type Session: Default + Send + 'static;

    /// What it says first on a new connection.
    fn greet(&self) -> String;

    /// What it answers to what it hears.
    fn hear(&mut self, session: &mut Self::Session, bytes: &[u8], now: Moment) -> String;

    /// Whether whoever is on this connection has logged in and asked to be told.
    fn is_listening(&self, session: &Self::Session) -> bool;

    /// Something happens; what it says of it.
    fn tell(&mut self, event: &CallEvent) -> Vec<Said>;

    /// Whether what was said is for this listener.
    fn is_for(&self, session: &Self::Session, said: &Said) -> bool;

    /// What it says of itself every few seconds, so that listeners know it is alive.
    fn beat(&mut self, now: Moment) -> Vec<Said>;

    /// It stops in order: everybody is hung up, and listeners are told.
    fn stop(&mut self, now: Moment) -> Vec<Said>;

    /// It is killed and starts anew: everything that went on is gone without a word.
    fn restart(&mut self, now: Moment);
}
