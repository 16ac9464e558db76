//! A PostgreSQL of the tests' own, from the system's packages: in a temporary folder, on a free port
//! of loopback, gone with the tests however they end.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use servicegrad::store::StoreSettings;

/// A running server.
pub struct Server {
    pub port: u16,
    programs: PathBuf,
    folder: PathBuf,
    _guard: Child,
}

/// The one that tests share; each has a database of its own in it.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(Server::start)
}

/// Where Debian keeps the server's programs: the newest there is.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = glob("/usr/lib/postgresql").into_iter().map(|version| version.join("bin")).collect();
    found.retain(|programs| programs.join("initdb").is_file());
    found.sort();
    found.pop().expect("PostgreSQL is missing: install Debian's `postgresql`, as .ci/test does")
}

fn glob(folder: &str) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

/// The server refuses to run as root: then it is run as the account of its package.
fn account() -> Option<(u32, u32)> {
    let id = |what: &str, who: &[&str]| -> u32 {
        let output = Command::new("id").arg(what).args(who).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    };
    (id("-u", &[]) == 0).then(|| (id("-u", &["postgres"]), id("-g", &["postgres"])))
}

impl Server {
    /// A new one.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with words in its environment.
    pub fn start_with(environment: &[(String, String)]) -> Self {
        let programs = programs();
        // Short, since the path of a socket has at most some hundred bytes.
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap().keep();
        let as_account = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir("/");
            if let Some((user, group)) = account() {
                command.uid(user).gid(group);
            }
            command
        };
        if let Some((user, group)) = account() {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let data = folder.join("data");
        let made = as_account("initdb")
            .args(["--no-sync", "--auth=trust", "--username=servicegrad", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Its standard input ends with this process, and with that the server and its folder.
        let script = "\"$0\" -D \"$1/data\" -k \"$1\" -h 127.0.0.1 -p \"$2\" -c fsync=on >\"$1/log\" 2>&1 </dev/null & \
                      cat; \"$3\" -D \"$1/data\" -m immediate stop; rm -rf \"$1\"";
        let mut guard = Command::new("sh");
        guard.arg("-c").arg(script).arg(programs.join("postgres")).arg(&folder).arg(port.to_string());
        guard.arg(programs.join("pg_ctl"));
        if let Some((user, group)) = account() {
            guard.uid(user).gid(group);
        }
        guard.envs(environment.iter().cloned());
        let guard = guard.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let server = Self { port, programs, folder: folder.clone(), _guard: guard };
        let end = Instant::now() + Duration::from_mins(1);
        while !server.try_sql("postgres", "SELECT 1") {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "the server does not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Stops it, with whatever it is doing.
    pub fn stop(&self) {
        self.control(&["-m", "immediate", "stop"]);
    }

    /// Starts it again after [`Server::stop`].
    pub fn start_again(&self) {
        let options = format!("-k {} -h 127.0.0.1 -p {}", self.folder.display(), self.port);
        let log = self.folder.join("log").display().to_string();
        self.control(&["-o", &options, "-l", &log, "-w", "start"]);
    }

    fn control(&self, words: &[&str]) {
        let mut command = Command::new(self.programs.join("pg_ctl"));
        command.current_dir("/").arg("-D").arg(self.folder.join("data")).args(words);
        if let Some((user, group)) = account() {
            command.uid(user).gid(group);
        }
        let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "{words:?}");
    }

    /// Whether a statement is carried out.
    pub fn try_sql(&self, database: &str, sql: &str) -> bool {
        self.psql(database, sql).status.success()
    }

    fn psql(&self, database: &str, sql: &str) -> std::process::Output {
        Command::new(self.programs.join("psql"))
            .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "servicegrad", "-p"])
            .arg(self.port.to_string())
            .args(["-d", database, "-c", sql])
            .output()
            .unwrap()
    }

    /// What a statement answers, in psql's plain form.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = self.psql(database, sql);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A new database, by name.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("figures_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// How a store finds a database.
    pub fn settings(&self, database: &str) -> StoreSettings {
        StoreSettings::at(&format!("postgres://servicegrad@127.0.0.1:{}/{database}", self.port))
    }
}
