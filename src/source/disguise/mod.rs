//! What a switch says, told with fakes: numbers, names, addresses and secrets replaced, everything
//! else as it was, so that it can be handed on and still be decoded.
//!
//! Every fake is as long as what it stands for and of the same form, so that frames, columns and
//! lengths that were announced stay true. It is the same wherever the same thing stands, and two
//! things never have the same. Knows no format but the common shapes; which parts of a feed's bytes
//! are the switch's own words is said by its [`Kind`](crate::source::kind::Kind).
//!
//! - [`fake`]: a word or a number to its fake
//! - [`shape`]: which parts of a line or an element stay as they are
//! - [`stream`]: torn bytes through both
//! - [`tap`]: beside a decoder, so that every way of reading a source can be recorded

pub mod fake;
pub mod shape;
pub mod stream;
pub mod tap;

pub use fake::{Fakes, Key};
pub use shape::{Part, Shape};
pub use stream::Disguised;
pub use tap::{Recorder, Tape};
