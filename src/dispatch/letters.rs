//! A report as a mail and as files in a folder.

use std::io;

use crate::dispatch::DispatchSettings;
use crate::i18n::{Language, text, text_with};
use crate::post::{Attachment, Letter, Mail};
use crate::report::{FORMATS, Locale, Report, Status, Style};
use crate::stats::period::Period;

/// The letters that hand over `report`, each under the key that no other has.
///
/// # Errors
/// A format could not be written.
pub fn letters(settings: &DispatchSettings, period: Period, report: &Report) -> io::Result<Vec<(String, Letter)>> {
    let label = settings.every.label(period);
    let language: Language = settings.language.into();
    let files = files(settings, &label, report, language)?;
    let key = |way: &str| format!("report/{}/{label}/{way}", settings.name);
    let mut letters = Vec::new();
    if settings.folder.is_some() {
        let letter = Letter::Files { receiver: settings.name.clone(), files: files.clone() };
        letters.push((key("folder"), letter));
    }
    if !settings.to.is_empty() {
        let whom = report.organisation.clone().unwrap_or_else(|| text(language, "sent-everything"));
        let status = match report.period.status {
            Status::Closed => text(language, "sent-closed"),
            Status::Revised => text(language, "sent-revised"),
            Status::Provisional => text(language, "sent-provisional"),
        };
        let values = [("period", label.clone()), ("whom", whom), ("status", status)];
        let mail = Mail {
            to: settings.to.clone(),
            subject: text_with(language, "sent-subject", &values),
            text: text_with(language, "sent-text", &values),
            attachments: files,
        };
        letters.push((key("mail"), Letter::Mail(mail)));
    }
    Ok(letters)
}

fn files(settings: &DispatchSettings, label: &str, report: &Report, language: Language) -> io::Result<Vec<Attachment>> {
    let locale = if language == Language::Sv { Locale::Swedish } else { Locale::Plain };
    let style = Style { language, locale, is_colour: false };
    let formats = FORMATS.iter().filter(|format| settings.format.iter().any(|name| name == format.name));
    formats
        .map(|format| {
            let mut content = Vec::new();
            (format.render)(report, &style, &mut content)?;
            let name = format!("servicegrad-{}-{label}.{}", settings.name, format.extension);
            Ok(Attachment { name, media_type: format.media_type.to_owned(), content })
        })
        .collect()
}
