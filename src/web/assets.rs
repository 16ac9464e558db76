//! Style and scripts of the pages, embedded, under addresses that change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One embedded file.
struct Asset {
    name: &'static str,
    media: &'static str,
    content: &'static str,
}

macro_rules! asset {
    ($name:literal, $media:literal) => {
        Asset {
            name: $name,
            media: concat!($media, "; charset=utf-8"),
            content: include_str!(concat!("assets/", $name)),
        }
    };
}

const ASSETS: &[Asset] = &[
    asset!("base.css", "text/css"),
    asset!("board.css", "text/css"),
    asset!("page.css", "text/css"),
    asset!("board.js", "text/javascript"),
    asset!("live.js", "text/javascript"),
    asset!("trend.js", "text/javascript"),
];

/// Which build of the program this is: a page of another one loads itself anew.
pub static BUILD: LazyLock<String> = LazyLock::new(|| {
    let all: String = ASSETS.iter().map(|asset| asset.content).chain([env!("CARGO_PKG_VERSION")]).collect();
    format!("{:016x}", twox_hash::XxHash3_64::oneshot(all.as_bytes()))
});

/// Where an asset is served. All lie in one folder, so that scripts can name each other.
pub fn address(name: &str) -> String {
    debug_assert!(ASSETS.iter().any(|asset| asset.name == name), "{name} is embedded");
    format!("/assets/{}/{name}", *BUILD)
}

/// Serves an asset; its address says which build it is of, so it may be kept for ever.
pub async fn serve(Path((build, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A page of another build gets what there is, but must not keep it under that address.
    let keep = if build == *BUILD { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, asset.media), (header::CACHE_CONTROL, keep)], asset.content).into_response()
}
