//! The reports in every format that there is.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::i18n::Language;
use crate::report::render::html;
use crate::report::{
    FORMATS, Format, Interval, Locale, NoRevision, REPORTS, Report, ReportKind, Request, Style, earlier_report,
    month_report,
};
use crate::stats::period::Period;
use crate::web::Shared;
use crate::web::readers::Unanswered;
use crate::web::refusal::{Refusal, RefusalView};
use crate::web::stretch::{DAYS_MAX, StretchQuery, month_of};
use crate::web::visitor::Visitor;

/// A report that can be asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportKindView {
    /// What it is asked for by.
    pub name: &'static str,
    /// In which formats.
    pub formats: Vec<&'static str>,
}

/// How a report is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// One of the report's formats. Default `json`.
    pub format: Option<String>,
    /// `15m`, `hour`, `day` or `month`: intervals to list beside the sums. Default: none.
    pub interval: Option<String>,
    /// Of a closed month: the revision that is shown. Default: the last.
    pub revision: Option<u32>,
    /// `sv` (default) or `en`.
    pub lang: Option<String>,
}

/// The reports.
#[utoipa::path(get, path = "/api/v1/reports", tag = "reports", responses((status = 200, body = [ReportKindView])))]
pub async fn reports() -> Json<Vec<ReportKindView>> {
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    Json(REPORTS.iter().map(|kind| ReportKindView { name: kind.name, formats: formats.clone() }).collect())
}

/// A report. Default: of this month.
#[utoipa::path(get, path = "/api/v1/reports/{report}", tag = "reports",
    params(("report" = String, Path), StretchQuery, ReportQuery),
    responses((status = 200, description = "The report in the format asked for"),
        (status = 400, body = RefusalView), (status = 404, body = RefusalView)))]
pub async fn report(
    State(shared): State<Arc<Shared>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(stretch): Query<StretchQuery>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Refusal> {
    let kind = REPORTS.iter().find(|kind| kind.name == name).ok_or_else(|| Refusal::unknown("report", &name))?;
    let wanted = query.format.as_deref().unwrap_or("json");
    let format = Format::named(wanted).map_err(|why| Refusal { status: StatusCode::NOT_FOUND, why })?;
    let language = query.lang.as_deref().and_then(Language::parse).unwrap_or_default();
    let interval = match query.interval.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(
            Interval::parse(text)
                .ok_or_else(|| Refusal::wrong(format!("interval `{text}` must be 15m, hour, day or month")))?,
        ),
    };
    let days = days_of(&shared, &stretch)?;
    let report = build(&shared, &visitor, kind, days, interval, query.revision).await?;
    let revision = query.revision.map_or_else(String::new, |revision| format!("-revision-{revision}"));
    let file = format!("servicegrad-{}-{}{revision}.{}", kind.name, days.from, format.extension);
    // It takes long enough to be in the way of others.
    let written = tokio::task::spawn_blocking(move || render(format, &report, language));
    let body = written.await.unwrap_or_else(|_| Err(Refusal::from(Unanswered::Broken)))?;
    // Of a document that is looked at the browser keeps the name; the rest is saved under it.
    let is_page = format.media_type.starts_with("text/html");
    let how = if is_page { "inline" } else { "attachment" };
    let disposition = format!("{how}; filename=\"{file}\"");
    let headers = [
        (header::CONTENT_TYPE, format.media_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, &disposition),
    ];
    let rules = is_page.then(|| [(header::CONTENT_SECURITY_POLICY, page_rules())]);
    Ok((headers, rules.map(AppendHeaders), body).into_response())
}

/// What a report that is looked at may do: show itself. It carries its own style, so that it can be
/// saved and sent, and that style is the only one it may have.
fn page_rules() -> String {
    let style = BASE64_STANDARD.encode(Sha256::digest(html::CSS));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
         report-uri /csp-report"
    )
}

/// The days asked for; this month where nothing is asked.
pub fn days_of(shared: &Shared, stretch: &StretchQuery) -> Result<Period, Refusal> {
    let (now, zone) = (shared.clock.now(), shared.directory.zone());
    let is_given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    if !(is_given(&stretch.period) || is_given(&stretch.from) || is_given(&stretch.until)) {
        return Ok(month_of(crate::clock::local_day(now, zone)));
    }
    stretch.days(now, zone, DAYS_MAX).map_err(Refusal::wrong)
}

/// Builds a report of what `visitor` may see.
pub async fn build(
    shared: &Arc<Shared>,
    visitor: &Visitor,
    kind: &'static ReportKind,
    days: Period,
    interval: Option<Interval>,
    revision: Option<u32>,
) -> Result<Report, Refusal> {
    let directory = Arc::clone(&shared.directory);
    let now = shared.clock.now();
    let request = Request {
        period: days,
        kind,
        interval: interval.or(kind.interval),
        elsewhere: Arc::default(),
        sight: visitor.sight.clone(),
    };
    let Some(asked) = revision else {
        return Ok(shared.readers.ask(move |reader| month_report(reader, &directory, &request, now)).await?);
    };
    let made = shared.readers.ask(move |reader| match earlier_report(reader, &directory, &request, asked, now) {
        Err(NoRevision::Store(error)) => Err(error),
        made => Ok(made),
    });
    made.await?.map_err(|why| Refusal::wrong(why.to_string()))
}

/// Writes a report in a format.
pub fn render(format: &Format, report: &Report, language: Language) -> Result<Vec<u8>, Refusal> {
    let locale = if language == Language::Sv { Locale::Swedish } else { Locale::Plain };
    let style = Style { language, locale, is_colour: false };
    let mut body = Vec::new();
    (format.render)(report, &style, &mut body).map_err(|error| Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        why: format!("the report could not be written: {error}"),
    })?;
    Ok(body)
}
