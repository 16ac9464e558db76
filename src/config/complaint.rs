//! What is wrong with a configuration, and where.

/// One thing that is wrong: its key, or place in a file, and the reason.
pub type Fault = (String, String);

/// Everything that is wrong, at once.
#[derive(Debug)]
pub struct ConfigErrors {
    /// The file, or `defaults`.
    pub file: String,
    /// All of it.
    pub wrong: Vec<Fault>,
}

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.wrong.len();
        writeln!(f, "{}: {count} {} in the configuration:", self.file, if count == 1 { "fault" } else { "faults" })?;
        for (key, why) in &self.wrong {
            writeln!(f, "  {key}: {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
