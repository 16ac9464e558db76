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
            Status::Revised | Status::Superseded => text(language, "sent-revised"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests_support::small_month;

    #[test]
    fn every_format_that_can_be_written_can_be_sent() {
        let mut settings: DispatchSettings =
            toml::from_str("name = \"asele\"\nto = [\"chef@example.org\"]\nfolder = \"reports\"").unwrap();
        settings.format = FORMATS.iter().map(|format| format.name.to_owned()).collect();
        assert_eq!(settings.check(), Ok(()));
        let period = Period::parse("2026-11").unwrap();
        let letters = letters(&settings, period, &small_month().report("2026-11", None)).unwrap();
        let keys: Vec<&str> = letters.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["report/asele/2026-11/folder", "report/asele/2026-11/mail"]);
        for (_, letter) in &letters {
            let files = match letter {
                Letter::Files { files, .. } => files,
                Letter::Mail(mail) => &mail.attachments,
                Letter::Post { .. } => panic!("a report is a mail or files"),
            };
            let names: Vec<String> = files.iter().map(|file| format!("{} {}", file.name, file.media_type)).collect();
            let all = FORMATS.iter().map(|it| format!("servicegrad-asele-2026-11.{} {}", it.extension, it.media_type));
            assert_eq!(names, all.collect::<Vec<_>>());
            let pdf = files.iter().find(|file| file.media_type == "application/pdf");
            assert_eq!(pdf.map(|pdf| pdf.content.starts_with(b"%PDF-1.7")), cfg!(feature = "pdf").then_some(true));
        }
    }
}
