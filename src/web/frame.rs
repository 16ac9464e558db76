//! The frame around every page: head, ways to the other pages, look.

use maud::{DOCTYPE, Markup, html};

use crate::web::assets;
use crate::web::login::way_out;
use crate::web::look::{Look, Theme};
use crate::web::visitor::{Right, Visitor};

/// The pages that the frame leads to: address, key of its name, who may.
pub const PAGES: [(&str, &str, Right); 6] = [
    ("/", "page-board", Right::Board),
    ("/units", "page-units", Right::Units),
    ("/reports", "page-reports", Right::Reports),
    ("/staffing", "page-staffing", Right::Queues),
    ("/status", "page-status", Right::Status),
    ("/audit", "page-audit", Right::Audit),
];

/// The head of a page.
pub fn head(title: &str, styles: &[&str], script: Option<&str>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            link rel="icon" href="data:,";
            @for style in styles { link rel="stylesheet" href=(assets::address(style)); }
            @if let Some(script) = script { script type="module" src=(assets::address(script)) {} }
        }
    }
}

/// Ways to the other pages: those that `visitor` may see.
pub fn ways(look: &Look, visitor: &Visitor, here: &str) -> Markup {
    html! {
        nav aria-label=(look.say("page-ways")) {
            ul {
                @for (path, key, right) in PAGES {
                    @if visitor.may(right) {
                        li { a href=(look.link(path)) aria-current=[(path == here).then_some("page")] { (look.say(key)) } }
                    }
                }
            }
        }
    }
}

/// Ways to the same page in another language and theme. `here` is its address without the look.
pub fn looks(look: &Look, here: &str) -> Markup {
    let other = look.in_other_language();
    html! {
        nav aria-label=(look.say("page-look")) {
            ul {
                li { a href=(other.link(here)) lang=(other.language.code()) hreflang=(other.language.code()) { (other.say("language")) } }
                @for (theme, key) in [(Theme::Light, "theme-light"), (Theme::Dark, "theme-dark")] {
                    @if look.theme != theme { li { a href=(look.in_theme(theme).link(here)) { (look.say(key)) } } }
                }
            }
        }
    }
}

/// A page for the desk: frame, heading and `content`. `here` is its address without the look.
pub fn page(look: &Look, visitor: &Visitor, here: &str, title: &str, content: &Markup) -> Markup {
    let path = here.split('?').next().unwrap_or(here);
    html! {
        (DOCTYPE)
        html lang=(look.language.code()) data-theme=(look.theme.as_str()) {
            (head(&format!("{title} – Servicegrad"), &["base.css", "page.css"], None))
            body .page {
                a .skip href="#content" { (look.say("page-skip")) }
                header .bar-top {
                    p .brand { a href=(look.link("/")) { "Servicegrad" } }
                    (ways(look, visitor, path))
                }
                main #content tabindex="-1" {
                    h1 { (title) }
                    (content)
                }
                footer .foot {
                    (looks(look, here))
                    (way_out(look, visitor))
                    p { a href=(look.link("/tillganglighet")) { (look.say("page-accessibility")) } }
                }
            }
        }
    }
}
