//! Style and script of the pages, embedded, under names that change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The wallboard's style.
pub static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("board", "css", "text/css", include_str!("assets/board.css")));
/// The wallboard's script.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("board", "js", "text/javascript", include_str!("assets/board.js")));

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    name: String,
    media: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, media: &'static str, content: &'static str) -> Self {
        let version = twox_hash::XxHash3_64::oneshot(content.as_bytes());
        Self { name: format!("{stem}-{version:016x}.{ending}"), media, content }
    }

    /// Where it is served.
    pub fn address(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// Serves an asset; its name says which version it is, so it may be kept for ever.
pub async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = [&*STYLE, &*SCRIPT].into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media = format!("{}; charset=utf-8", asset.media);
    (
        [(header::CONTENT_TYPE, media.as_str()), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")],
        asset.content,
    )
        .into_response()
}
