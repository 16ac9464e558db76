//! Documents: an element with its text and what is inside it, by local names, since switches write
//! every edition's namespace and any prefix. No document types, no entities but the five, and
//! bounded.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Deepest nesting; the deepest real documents have some ten levels.
const DEPTH_MAX: usize = 32;
/// Most elements; the largest real documents, snapshots of a busy device, have some hundreds.
const ELEMENTS_MAX: usize = 10_000;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its local name.
    pub name: String,
    /// Its own text.
    pub text: String,
    /// The elements in it.
    pub inside: Vec<Element>,
}

impl Element {
    /// Reads a document; complaints are in words.
    pub fn parse(document: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(document);
        let mut reader = Reader::from_str(&text);
        let (mut open, mut count): (Vec<Self>, usize) = (Vec::new(), 0);
        let mut begin = |open: &[Self], name: &str| {
            count += 1;
            if open.len() >= DEPTH_MAX || count > ELEMENTS_MAX {
                return Err(format!("more than {DEPTH_MAX} levels or {ELEMENTS_MAX} elements"));
            }
            Ok(Self { name: name.to_owned(), ..Self::default() })
        };
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    let element = begin(&open, start.local_name().as_ref())?;
                    open.push(element);
                }
                Event::Empty(empty) => {
                    let element = begin(&open, empty.local_name().as_ref())?;
                    match open.last_mut() {
                        Some(outer) => outer.inside.push(element),
                        None => return Ok(element),
                    }
                }
                Event::End(_) => {
                    let Some(element) = open.pop() else { return Err("an end without a beginning".to_owned()) };
                    match open.last_mut() {
                        Some(outer) => outer.inside.push(element),
                        None => return Ok(element),
                    }
                }
                Event::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::CData(data) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&data);
                    }
                }
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                    let Some(element) = open.last_mut() else { continue };
                    match (character, resolve_predefined_entity(&reference)) {
                        (Some(character), _) => element.text.push(character),
                        (None, Some(text)) => element.text.push_str(text),
                        (None, None) => return Err(format!("the entity `&{};` is none of the five", &*reference)),
                    }
                }
                Event::DocType(_) => return Err("a document type, which is not read".to_owned()),
                Event::Eof => return Err("the document ends in the middle".to_owned()),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.inside.iter().find(|element| element.name == name)
    }

    /// The first element of this name at any depth.
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.inside.iter().find_map(|element| if element.name == name { Some(element) } else { element.find(name) })
    }

    /// Every element of this name at any depth, in order.
    pub fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        for element in &self.inside {
            if element.name == name {
                found.push(element);
            } else {
                element.all(name, found);
            }
        }
    }

    /// The text of the first element of this name at any depth; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.find(name).map(|element| element.text.trim()).unwrap_or_default()
    }

    /// The first text in it, at any depth.
    pub fn any_text(&self) -> &str {
        if self.text.trim().is_empty() {
            self.inside.iter().map(Self::any_text).find(|text| !text.is_empty()).unwrap_or_default()
        } else {
            self.text.trim()
        }
    }
}

/// A device as the directory writes it: `7100` of `N<7100>;noa=nk;displayNumber=1`, of `tel:7100` and of
/// `sip:7100@vaxel`.
pub fn device(text: &str) -> &str {
    let text = text.trim();
    let text = text.split_once('<').map_or(text, |(_, rest)| rest.split('>').next().unwrap_or_default());
    let text = ["tel:", "sip:", "sips:"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    text.split(['@', ';', '?']).next().unwrap_or_default().trim()
}

/// A text as it stands in a document.
pub fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_local_and_texts_are_whole() {
        let xml =
            b"<?xml version=\"1.0\"?><!-- x --><c:A xmlns:c=\"urn:ed5\"><c:b>N&lt;71&#48;0&gt;;noa=nk</c:b><d/></c:A>";
        let element = Element::parse(xml).unwrap();
        assert_eq!((element.name.as_str(), device(element.text_of("b"))), ("A", "7100"));
        assert!(element.child("d").is_some());
    }

    #[test]
    fn what_could_harm_is_refused() {
        let deep = "<a>".repeat(1000);
        for (xml, why) in [
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type"),
            ("<a>&b;</a>", "none of the five"),
            (deep.as_str(), "levels"),
            ("<a><b></a>", "b"),
            ("<a>", "ends in the middle"),
            ("", "ends in the middle"),
        ] {
            let told = Element::parse(xml.as_bytes()).unwrap_err();
            assert!(told.contains(why), "{xml}: {told}");
        }
    }

    #[test]
    fn devices_are_written_in_many_ways() {
        for text in ["7100", "tel:7100", "N<7100>;noa=nk;displayNumber=1", " sip:7100@vaxel.se;user=phone ", "<7100>"] {
            assert_eq!(device(text), "7100", "{text}");
        }
    }
}
