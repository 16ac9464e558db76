//! Mail by SMTP.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};

use crate::post::carrier::Refusal;
use crate::post::letter::Mail;
use crate::post::settings::{Encryption, MailSettings};
use crate::secret;

const WAIT: Duration = Duration::from_secs(20);

/// The way to the mail server.
#[derive(Debug)]
pub struct MailWay {
    from: Mailbox,
    server: SmtpTransport,
    host: String,
}

impl MailWay {
    /// The way that `settings` tell; `None` where they name no server. Complaints tell the key.
    pub fn new(settings: &MailSettings) -> Result<Option<Self>, String> {
        let Some((host, port)) = settings.address() else { return Ok(None) };
        let from = settings.from.as_deref().unwrap_or_default();
        let from = from.parse::<Mailbox>().map_err(|error| format!("mail.from: {error}"))?;
        let tls = || TlsParameters::new(host.clone()).map_err(|error| format!("mail.server: {error}"));
        let tls = match settings.encryption {
            Encryption::Starttls => Tls::Required(tls()?),
            Encryption::Tls => Tls::Wrapper(tls()?),
            Encryption::None => Tls::None,
        };
        let mut server = SmtpTransport::builder_dangerous(&host).port(port).tls(tls).timeout(Some(WAIT));
        if let (Some(user), Some(path)) = (&settings.user, &settings.password_file) {
            let password = secret::read(path).map_err(|error| format!("mail.password_file: {error}"))?;
            server = server.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Some(Self { from, server: server.build(), host }))
    }

    /// Sends a mail; its `Message-ID` is made from the key, so that a mail server that is told twice
    /// can know it.
    pub fn send(&self, mail: &Mail, key: &str) -> Result<(), Refusal> {
        let message = self.message(mail, key).map_err(Refusal::ForGood)?;
        let sent = self.server.send(&message);
        sent.map(|_| ()).map_err(|error| {
            let why = format!("{}: {error}", self.host);
            if error.is_permanent() { Refusal::ForGood(why) } else { Refusal::ForNow(why) }
        })
    }

    fn message(&self, mail: &Mail, key: &str) -> Result<Message, String> {
        let id: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '.' }).collect();
        let mut head = Message::builder()
            .from(self.from.clone())
            .subject(&mail.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())));
        for to in &mail.to {
            head = head.to(to.parse().map_err(|error| format!("`{to}` is no mail address: {error}"))?);
        }
        let text = SinglePart::plain(mail.text.clone());
        if mail.attachments.is_empty() {
            return head.singlepart(text).map_err(|error| error.to_string());
        }
        let mut parts = MultiPart::mixed().singlepart(text);
        for file in &mail.attachments {
            let kind = ContentType::parse(&file.media_type).map_err(|error| format!("{}: {error}", file.name))?;
            parts =
                parts.singlepart(lettre::message::Attachment::new(file.name.clone()).body(file.content.clone(), kind));
        }
        head.multipart(parts).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::letter::Attachment;

    #[test]
    fn a_mail_has_its_text_its_files_and_the_key_as_its_identity() {
        let settings = MailSettings {
            server: Some("127.0.0.1:2525".into()),
            encryption: Encryption::None,
            from: Some("Servicegrad <servicegrad@example.se>".into()),
            ..MailSettings::default()
        };
        let way = MailWay::new(&settings).unwrap().unwrap();
        let file = Attachment { name: "nov.csv".into(), media_type: "text/csv".into(), content: b"a;b\r\n".to_vec() };
        let mail = Mail {
            to: vec!["chef@example.se".into()],
            subject: "Servicegrad under målet".into(),
            text: "Kön svarar inte.".into(),
            attachments: vec![file],
        };
        let text = String::from_utf8(way.message(&mail, "alert/1 2").unwrap().formatted()).unwrap();
        assert!(text.contains("Message-ID: <alert.1.2@example.se>"), "{text}");
        assert!(text.contains("filename=\"nov.csv\"") && text.contains("Kön svarar inte.") | text.contains("K=C3=B6n"));
        let wrong = Mail { to: vec!["nobody".into()], ..mail };
        assert!(way.message(&wrong, "k").unwrap_err().contains("`nobody`"));
    }
}
