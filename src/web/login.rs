//! Logging in and out.
//!
//! The form carries a word that also stands in a cookie, so that no page of another place can log
//! somebody in as somebody else; forms of a session carry the session's own word.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::source::listen::equal_in_constant_time;
use crate::web::gate::{Gate, cookie};
use crate::web::look::{Look, LookQuery};
use crate::web::serve::Peer;
use crate::web::sessions::word;
use crate::web::tokens::hash;
use crate::web::users::is_password;
use crate::web::visitor::Visitor;
use crate::web::{Shared, body, frame, users};

/// Cookie with the word of the form of `GET /login`.
const FORM_COOKIE: &str = "servicegrad-form";
/// How long a place for hashing is waited for.
const HASH_WAIT: Duration = Duration::from_secs(10);
/// What the password of a user who does not exist is compared with, so that it takes as long.
static NOBODYS: LazyLock<String> = LazyLock::new(|| users::hash("nobody has this password").unwrap_or_default());

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct NextQuery {
    next: Option<String>,
}

/// What the form of the page sends.
#[derive(Deserialize)]
struct LoginForm {
    user: String,
    password: String,
    word: String,
    #[serde(default)]
    next: String,
}

/// What the form of logging out sends.
#[derive(Debug, Deserialize)]
struct LogoutForm {
    word: String,
}

/// `GET /login`
pub async fn page(
    State(shared): State<Arc<Shared>>,
    Query(look): Query<LookQuery>,
    Query(next): Query<NextQuery>,
) -> Response {
    form(&shared.gate, &look.into(), next.next.as_deref().unwrap_or("/"), StatusCode::OK, None)
}

/// `POST /login`
pub async fn enter(State(shared): State<Arc<Shared>>, Query(look): Query<LookQuery>, request: Request) -> Response {
    let look = Look::from(look);
    let (parts, sent) = request.into_parts();
    let sent: LoginForm = match read(&parts, sent).await {
        Ok(sent) => sent,
        Err(status) => return form(&shared.gate, &look, "/", status, Some("login-old")),
    };
    match entered(&shared, &parts, &sent).await {
        Ok(session) => {
            let lasts = shared.gate.sessions.lasts().ms() / 1000;
            let mut response = to(&after(&sent.next));
            set_cookie(response.headers_mut(), &shared.gate, shared.gate.cookie_name(), &session, lasts);
            set_cookie(response.headers_mut(), &shared.gate, FORM_COOKIE, "", 0);
            response
        }
        Err(Refused { status, why, again_s }) => {
            let mut response = form(&shared.gate, &look, &sent.next, status, Some(why));
            if let Some(again_s) = again_s {
                response.headers_mut().insert(header::RETRY_AFTER, again_s.into());
            }
            response
        }
    }
}

/// `POST /logout`
pub async fn leave(State(shared): State<Arc<Shared>>, visitor: Visitor, request: Request) -> Response {
    let (parts, sent) = request.into_parts();
    let sent: Result<LogoutForm, StatusCode> = read(&parts, sent).await;
    let (Ok(sent), Some(session)) = (sent, &visitor.session) else {
        return (StatusCode::BAD_REQUEST, "there is no session to end\n").into_response();
    };
    if !equal_in_constant_time(sent.word.as_bytes(), session.form_word.as_bytes()) {
        return (StatusCode::FORBIDDEN, "this form is of another session\n").into_response();
    }
    shared.gate.sessions.end(session);
    shared.gate.ask_anew();
    shared.gate.audit.note(&visitor.name, "logged_out", &visitor.name, String::new());
    let mut response = to("/login");
    set_cookie(response.headers_mut(), &shared.gate, shared.gate.cookie_name(), "", 0);
    response
}

/// The button to log out, for those who logged in.
pub fn way_out(look: &Look, visitor: &Visitor) -> Markup {
    html! {
        @if let Some(session) = &visitor.session {
            form .choose method="post" action="/logout" {
                input type="hidden" name="word" value=(session.form_word);
                span { (visitor.name) }
                button type="submit" { (look.say("login-out")) }
            }
        }
    }
}

struct Refused {
    status: StatusCode,
    why: &'static str,
    again_s: Option<u64>,
}

/// The word of a new session, if all is right.
async fn entered(shared: &Shared, parts: &Parts, sent: &LoginForm) -> Result<String, Refused> {
    let refused = |status, why| Refused { status, why, again_s: None };
    let gate = &shared.gate;
    let told = cookie(parts, FORM_COOKIE).unwrap_or_default();
    if told.is_empty() || !equal_in_constant_time(told.as_bytes(), sent.word.as_bytes()) {
        return Err(refused(StatusCode::BAD_REQUEST, "login-old"));
    }
    let address = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |Peer(peer)| peer.ip());
    // What is no user's name is noted nowhere as it was typed: it may be a password.
    let name = if gate.users.named(&sent.user).is_some() { sent.user.as_str() } else { "unknown" };
    let counted = hash(&sent.user);
    gate.attempts.may(address, &counted, Instant::now()).map_err(|again_s| Refused {
        status: StatusCode::TOO_MANY_REQUESTS,
        why: "login-too-often",
        again_s: Some(again_s),
    })?;
    let busy = || refused(StatusCode::SERVICE_UNAVAILABLE, "login-busy");
    let Ok(Ok(_place)) = timeout(HASH_WAIT, gate.hashing.acquire()).await else { return Err(busy()) };
    let kept = gate.users.named(&sent.user).map(|known| known.argon2id);
    let (password, against) = (sent.password.clone(), kept.clone());
    let is_right = tokio::task::spawn_blocking(move || is_password(&password, against.as_ref().unwrap_or(&NOBODYS)));
    let is_right = is_right.await.map_err(|_| busy())?;
    let Some(kept) = kept.filter(|_| is_right) else {
        gate.attempts.wrong(address, &counted, Instant::now());
        gate.audit.note(name, "login_refused", name, format!("from {address}"));
        return Err(refused(StatusCode::UNAUTHORIZED, "login-wrong"));
    };
    let session = gate.sessions.begin(&sent.user, &kept, shared.clock.now()).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        busy()
    })?;
    gate.audit.note(&sent.user, "logged_in", &sent.user, format!("from {address}"));
    Ok(session)
}

async fn read<T: DeserializeOwned>(parts: &Parts, sent: Body) -> Result<T, StatusCode> {
    let bytes = body::small(sent).await?;
    let mut request = Request::new(Body::from(bytes));
    *request.method_mut() = parts.method.clone();
    *request.headers_mut() = parts.headers.clone();
    let Form(form) = Form::<T>::from_request(request, &()).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(form)
}

fn form(gate: &Gate, look: &Look, next: &str, status: StatusCode, wrong: Option<&str>) -> Response {
    let Ok(word) = word() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the system gives no random numbers\n").into_response();
    };
    let content = html! {
        @if let Some(wrong) = wrong { p .lead role="alert" data-state="under" { (look.say(wrong)) } }
        @if gate.has_users() {
            form .choose method="post" action=(look.link("/login")) {
                input type="hidden" name="word" value=(word);
                input type="hidden" name="next" value=(after(next));
                label for="user" { (look.say("login-user")) }
                input #user name="user" required autocomplete="username" maxlength="64";
                label for="password" { (look.say("login-password")) }
                input #password name="password" type="password" required autocomplete="current-password" maxlength="1024";
                button type="submit" { (look.say("login-in")) }
            }
        } @else {
            p { (look.say("login-nobody")) }
        }
    };
    let page = frame::page(look, &Visitor::nobody(), "/login", &look.say("login-title"), &content);
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Html(page.into_string())).into_response();
    set_cookie(response.headers_mut(), gate, FORM_COOKIE, &word, 3_600);
    response
}

/// An address of ours to go to: anything else is the wallboard's.
fn after(next: &str) -> String {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\'])
        && next.chars().all(|c| c.is_ascii_graphic());
    if is_ours { next.to_owned() } else { "/".to_owned() }
}

fn to(address: &str) -> Response {
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, address), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))],
    )
        .into_response()
}

fn set_cookie(headers: &mut HeaderMap, gate: &Gate, name: &str, value: &str, seconds: i64) {
    let secure = if gate.is_secure() { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_away_from_the_house() {
        for ours in ["/", "/units?period=2026-11&lang=en"] {
            assert_eq!(after(ours), ours);
        }
        for elsewhere in ["//example.org", "https://example.org", "", "/\\example.org", "/a\r\nset-cookie: b", "/å"] {
            assert_eq!(after(elsewhere), "/", "{elsewhere}");
        }
    }
}
