//! Small bodies from anybody: short, and soon.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::StatusCode;
use tokio::time::timeout;

/// Longest: a form, or what a browser says of a violation.
pub const SMALL_BYTES_MAX: usize = 16 * 1024;
/// How long it may take to come.
const WAIT: Duration = Duration::from_secs(5);

/// The whole body, or the status to refuse it with.
pub async fn small(body: Body) -> Result<Bytes, StatusCode> {
    match timeout(WAIT, to_bytes(body, SMALL_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // Too long, or broken off: then nobody reads the answer.
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
