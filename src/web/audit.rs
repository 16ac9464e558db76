//! Who came and went, noted in the store's audit log by a thread of its own, so that nobody waits
//! for the store at the door.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::store::Ledger;
use crate::store::audit::Act;

/// Acts that wait for the store; beyond it they are told to the log alone.
const WAITING_MAX: usize = 1_000;
/// How often an act is tried while the store does not take it, and the rest between.
const TRIES: u32 = 5;
const REST: Duration = Duration::from_millis(500);

/// The way to the audit log.
#[derive(Clone, Debug)]
pub struct AuditTrail {
    to: SyncSender<Act>,
    clock: Clock,
}

impl AuditTrail {
    /// Starts the thread; it ends when the last trail is let go.
    pub fn start(ledger: Ledger, clock: Clock) -> (Self, JoinHandle<()>) {
        let (to, acts) = sync_channel(WAITING_MAX);
        (Self { to, clock }, std::thread::spawn(move || write(ledger, &acts)))
    }

    /// Notes that `who` did `act`, a spelling in snake case, to `about`.
    pub fn note(&self, who: &str, act: &'static str, about: &str, detail: String) {
        let act = Act { at: self.clock.now(), who: who.into(), act: act.into(), about: about.into(), detail };
        if self.to.try_send(act).is_err() {
            tracing::error!("acts of access come faster than the store takes them; one is not in the audit log");
        }
    }
}

fn write(mut ledger: Ledger, acts: &Receiver<Act>) {
    for act in acts {
        let mut tries = 0;
        while let Err(error) = ledger.note(&act) {
            tries += 1;
            if tries == TRIES {
                tracing::error!(%error, act = act.act, "an act of access is not in the audit log");
                break;
            }
            std::thread::sleep(REST);
        }
    }
}
