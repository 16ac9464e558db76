//! How a command can fail, and with which exit code.

use crate::config::ConfigErrors;
use crate::source::import::ImportError;
use crate::store::StoreError;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// What was typed makes no sense. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The configuration is wrong. Exit code 2.
    #[error("{0}")]
    Config(#[from] ConfigErrors),
    /// The store failed. Exit code 1.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// A file cannot be imported. Exit code 1.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// Anything else. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// 1 failed, 2 usage or configuration.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config(_) => 2,
            Self::Store(_) | Self::Import(_) | Self::Failed(_) => 1,
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
