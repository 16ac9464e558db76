//! From settings to connections: address, encryption, timeouts, and the pool that holds them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{StoreError, StoreSettings};

/// How long beyond the server's own limit an answer is waited for: the server is then gone.
const SERVER_GONE: Duration = Duration::from_secs(5);
/// A server that says nothing on a connection is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// A transaction that stands still this long is ended by the server, with all its locks: a frozen
/// program must not hold up the one that takes over.
const IDLE_IN_TRANSACTION_MS: i64 = 5_000;

/// Connections to one server, and the runtime that drives them.
pub(super) struct Connections {
    /// Taken out only when dropped.
    runtime: Option<tokio::runtime::Runtime>,
    pool: Pool,
    /// How long one operation may take altogether.
    limit: Duration,
    /// The address without the password, for errors.
    pub(super) url: String,
}

impl fmt::Debug for Connections {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Connections({})", self.url)
    }
}

/// What connections are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// One at a time, which may write.
    Write,
    /// Several, which may not.
    Read,
}

impl Connections {
    /// Checks the settings; nothing is dialled yet.
    pub(super) fn new(settings: &StoreSettings, purpose: Purpose) -> Result<Self, StoreError> {
        let url = without_password(&settings.url);
        let wrong = |why: String| StoreError::Address { url: url.clone(), why };
        let mut config = config(settings).map_err(&wrong)?;
        let given = config.get_options().unwrap_or_default();
        let also = match purpose {
            Purpose::Write => "synchronous_commit=on",
            Purpose::Read => "default_transaction_read_only=on",
        };
        let options = format!(
            "{given} -c statement_timeout={} -c lock_timeout={} \
             -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c {also}",
            settings.statement_timeout.ms(),
            settings.lock_timeout.ms()
        );
        config.options(options).application_name("servicegrad");
        config.connect_timeout(settings.connect_timeout.to_std());
        config.keepalives_idle(KEEPALIVE).tcp_user_timeout(settings.statement_timeout.to_std() + SERVER_GONE);
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(config, tls(settings).map_err(&wrong)?, manager);
        let connect = Some(settings.connect_timeout.to_std());
        let size = if purpose == Purpose::Write { 1 } else { settings.readers };
        let pool = Pool::builder(manager)
            .max_size(size)
            .create_timeout(connect)
            .wait_timeout(Some(settings.statement_timeout.to_std()))
            .recycle_timeout(connect)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| wrong(format!("cannot be served: {error}")))?;
        let limit = settings.statement_timeout.to_std() + SERVER_GONE;
        Ok(Self { runtime: Some(runtime), pool, limit, url })
    }

    /// Does `work` on a connection. One that does not answer in time is given up.
    pub(super) fn with<T>(
        &self,
        doing: &'static str,
        work: impl AsyncFnOnce(&mut Object) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(runtime) = &self.runtime else { return Err(failed(doing, "the store is closed")) };
        // The caller may stand in a runtime of its own, which must not be blocked in its name; its
        // share of polls is not ours either.
        let _inside = runtime.enter();
        pollster::block_on(tokio::task::unconstrained(async {
            let mut connection = self.pool.get().await.map_err(|error| unreachable(doing, &error))?;
            let late = || failed(doing, &format!("no answer within {} s", self.limit.as_secs()));
            let done = tokio::time::timeout(self.limit, work(&mut connection)).await;
            let done = done.unwrap_or_else(|_| Err(late()));
            if done.is_err() {
                // What state it is in nobody knows: a transaction may stand open.
                drop(Object::take(connection));
            }
            done
        }))
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(runtime) = self.runtime.take() {
            // Waits for nobody: this may be the thread of another runtime.
            runtime.shutdown_background();
        }
    }
}

/// PostgreSQL's word with what was being done.
pub(super) fn failed(doing: &'static str, why: &str) -> StoreError {
    StoreError::Postgres { doing, why: why.to_owned() }
}

/// The same for an error of the connection or the server: the server's own words, with its hint.
pub(super) fn refused(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> StoreError {
    move |error| {
        let Some(told) = error.as_db_error() else { return failed(doing, &with_causes(&error)) };
        let hint = told.hint().or(told.detail()).map_or_else(String::new, |hint| format!(" ({hint})"));
        failed(doing, &format!("{} {}{hint}", told.severity(), told.message()))
    }
}

fn unreachable(doing: &'static str, error: &deadpool_postgres::PoolError) -> StoreError {
    match error {
        deadpool_postgres::PoolError::Backend(error) if error.as_db_error().is_some_and(|told| !is_passing(told)) => {
            failed(doing, &format!("cannot connect: {}", with_causes(error)))
        }
        error => {
            let why = format!("cannot connect: {}; is the server up?", with_causes(error));
            StoreError::Unreachable { doing, why }
        }
    }
}

/// Whether the server says no for now only: it starts, stops, or has no place.
fn is_passing(told: &DbError) -> bool {
    let for_now = [
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    for_now.contains(told.code())
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_told = next.to_string();
        if !told.contains(&next_told) {
            told.push_str(": ");
            told.push_str(&next_told);
        }
        cause = next.source();
    }
    told
}

/// The address with the password of its file.
pub(in crate::store) fn config(settings: &StoreSettings) -> Result<tokio_postgres::Config, String> {
    let mut config: tokio_postgres::Config =
        settings.url.parse().map_err(|error| format!("is no address of a PostgreSQL ({})", with_causes(&error)))?;
    if let Some(path) = &settings.password_file {
        let word = std::fs::read_to_string(path)
            .map_err(|error| format!("password_file {} cannot be read: {error}", path.display()))?;
        config.password(word.trim_end_matches(['\r', '\n']));
    }
    Ok(config)
}

/// Encryption, for servers that offer it; `sslmode` in the address says whether it must be.
fn tls(settings: &StoreSettings) -> Result<MakeRustlsConnect, String> {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = &settings.tls_ca {
        let failed = |why: String| format!("tls_ca {}: {why}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))? {
            roots
                .add(certificate.map_err(|error| failed(error.to_string()))?)
                .map_err(|error| failed(error.to_string()))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// An address without the password in it.
pub(in crate::store) fn without_password(url: &str) -> String {
    let hidden = || {
        let (scheme, rest) = url.split_once("://")?;
        let (account, place) = rest.rsplit_once('@')?;
        let (name, _) = account.split_once(':')?;
        Some(format!("{scheme}://{name}@{place}"))
    };
    hidden().unwrap_or_else(|| url.to_owned())
}
