//! tmp
/// h
#[derive(Clone, Debug, Default)]
pub struct Health {
    /** u */
    pub is_up: bool,
    /** b */
    pub behind_bytes: u64,
    /** t */
    pub trouble: Option<String>,
}
