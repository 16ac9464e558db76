//! The audit log: who came, and who changed what.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::ActRow;
use crate::web::Shared;
use crate::web::api::list::{ListView, PageQuery};
use crate::web::refusal::{Refusal, RefusalView};
use crate::web::visitor::Visitor;

/// Something that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActView {
    /// Goes up with each that is noted.
    pub id: i64,
    /// When.
    pub at: String,
    /// By whom: a user, a token's name, `cli` with the system's user, or `servicegrad` itself.
    pub who: String,
    /// What, in snake case: `month_closed`, `logged_in`.
    pub act: String,
    /// To what: a month, a queue, a user.
    pub about: String,
    /// What else is to be known, in words.
    pub detail: String,
}

/// Who did what, the newest first; only those who see everything are told.
#[utoipa::path(get, path = "/api/v1/audit", tag = "status", params(PageQuery),
    responses((status = 200, body = ListView<ActView>), (status = 400, body = RefusalView)))]
pub async fn acts(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Query(page): Query<PageQuery>,
) -> Result<Json<ListView<ActView>>, Refusal> {
    Ok(Json(acts_of(&shared, &visitor, &page).await?))
}

/// A page of the audit log.
pub async fn acts_of(shared: &Arc<Shared>, visitor: &Visitor, page: &PageQuery) -> Result<ListView<ActView>, Refusal> {
    let limit = page.limit()?;
    let before = page.after.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| Refusal::wrong("after is not the `next` of a page of this list"))?;
    let sight = visitor.sight.clone();
    let rows = shared.readers.ask(move |reader| reader.acts(&sight, before, limit + 1)).await?;
    let view = |ActRow { id, act }: ActRow| ActView {
        id,
        at: shared.local(act.at),
        who: act.who,
        act: act.act,
        about: act.about,
        detail: act.detail,
    };
    Ok(ListView::of(rows, limit, |row| row.id.to_string(), view))
}
