//! JSON to an address of the web: signed, with a key by which the receiver knows what it has had.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::measure::Moment;
use crate::post::carrier::Refusal;

const WAIT: Duration = Duration::from_secs(15);

/// An address of the web that is posted to.
#[derive(Clone)]
pub struct WebWay {
    agent: ureq::Agent,
    url: String,
    secret: Option<Vec<u8>>,
    /// Word that is given as `Authorization: Bearer WORD`.
    token: Option<String>,
}

impl std::fmt::Debug for WebWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebWay").finish_non_exhaustive()
    }
}

/// One client for all addresses.
pub fn agent() -> ureq::Agent {
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<Certificate<'static>> = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(&roots))
        .build();
    let config = ureq::Agent::config_builder().timeout_global(Some(WAIT)).max_redirects(0).tls_config(tls).build();
    config.into()
}

impl WebWay {
    /// The way to `url`.
    pub fn new(agent: &ureq::Agent, url: String, secret: Option<&str>, token: Option<String>) -> Self {
        let secret = secret.map(|secret| secret.as_bytes().to_vec());
        Self { agent: agent.clone(), url, secret, token }
    }

    /// Posts JSON. The signature is over `SECONDS.BODY`, so that an old post cannot be played again
    /// later: `X-Servicegrad-Signature: t=SECONDS,v1=HEX`.
    pub fn send(&self, body: &str, key: &str, now: Moment) -> Result<(), Refusal> {
        let mut request = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("servicegrad/", env!("CARGO_PKG_VERSION")))
            .header("idempotency-key", key);
        if let Some(secret) = &self.secret {
            request = request.header("x-servicegrad-signature", signature(secret, now, body));
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        match request.send(body) {
            Ok(_) => Ok(()),
            // It has understood and will not have it; asked again it would say the same.
            Err(ureq::Error::StatusCode(status @ 400..=499))
                if !matches!(status, 401 | 403 | 404 | 408 | 425 | 429) =>
            {
                Err(Refusal::ForGood(format!("the receiver answered {status}")))
            }
            // The others may be mended on either side.
            Err(ureq::Error::StatusCode(status)) => Err(Refusal::ForNow(format!("the receiver answered {status}"))),
            Err(error) => Err(Refusal::ForNow(error.to_string())),
        }
    }
}

fn signature(secret: &[u8], now: Moment, body: &str) -> String {
    let seconds = now.seconds();
    let mut text = format!("t={seconds},v1=");
    // It takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return text };
    mac.update(format!("{seconds}.{body}").as_bytes());
    for byte in mac.finalize().into_bytes() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_seconds_and_the_body() {
        let signed = signature(b"secret", Moment::from_seconds(1_800_000_000), "{\"a\":1}");
        // printf '1800000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(signed, "t=1800000000,v1=440dfbb83aabca24d9e5027629cfd81cb45254690f8d410bb28f1cc17c990dbc");
    }
}
