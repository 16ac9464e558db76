//! How many attendants a queue needs: Erlang's formulas, with and without callers who give up.
//!
//! - Erlang B and C by the recursion, so that no factorial overflows.
//! - Erlang A (M/M/N+M): callers arrive at random, are patient for an exponential time, conversations
//!   last an exponential time. The chain is solved exactly; what is answered or given up within a
//!   time comes from the incomplete beta function, since the time until an attendant is free for a
//!   caller with `j` before him is `-ln X / θ` with `X` of Beta(Nμ/θ, j + 1).
//!
//! Real callers come in bursts and conversations are rarely exponential: a plan, not a promise. The
//! assumptions are to be printed beside whatever comes from here.

use crate::names::DefinitionId;
use crate::stats::Counts;

/// Most attendants that are tried.
pub const ATTENDANTS_MAX: u32 = 2_000;
/// States beyond this share of the likeliest weigh nothing.
const NEGLIGIBLE: f64 = 1e-17;
/// Longest queue that is followed: what is beyond it is as good as never.
const QUEUE_MAX: usize = 200_000;

/// What comes in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Calls an hour.
    pub calls_per_hour: f64,
    /// Mean handle time: talk, hold and after-call work, seconds.
    pub handle_s: f64,
}

impl Load {
    /// The load in Erlang: attendants busy on average if nobody waits.
    pub fn erlang(self) -> f64 {
        self.calls_per_hour * self.handle_s / 3600.0
    }
}

/// What Erlang C expects: nobody gives up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    /// Share that waits at all.
    pub waits: f64,
    /// Share answered within the threshold.
    pub level: f64,
    /// Mean wait, seconds.
    pub mean_wait_s: f64,
    /// Share of the attendants' time that is busy.
    pub occupancy: f64,
}

/// What Erlang A expects, as shares of the offered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangA {
    /// Waits at all.
    pub waits: f64,
    /// Gives up.
    pub abandoned: f64,
    /// Mean wait of all, seconds.
    pub mean_wait_s: f64,
    /// Answered within the threshold.
    pub answered_within: f64,
    /// Given up within the threshold.
    pub abandoned_within: f64,
    /// Given up within the short limit.
    pub short_abandoned: f64,
    /// Share of the attendants' time that is busy.
    pub occupancy: f64,
}

impl ErlangA {
    /// The service level by a definition; nobody leaves but by an answer or by giving up. `None`
    /// where its denominator is empty.
    pub fn level(&self, definition: DefinitionId) -> Option<f64> {
        let within = self.answered_within;
        let (met, of) = match definition {
            DefinitionId::OfAnswered => (within, 1.0 - self.abandoned),
            DefinitionId::OfAnsweredAndAbandoned | DefinitionId::OfOffered => (within, 1.0),
            DefinitionId::ShortAbandonsIgnored => (within, 1.0 - self.short_abandoned),
            DefinitionId::AbandonsWithinIgnored => (within, 1.0 - self.abandoned_within),
            DefinitionId::AbandonsWithinMet => (within + self.abandoned_within, 1.0),
        };
        (of > 0.0).then_some(met / of)
    }
}

/// Erlang B: share of the calls that find all `attendants` busy where nobody can wait.
pub fn erlang_b(load: Load, attendants: u32) -> f64 {
    let offered = load.erlang();
    (1..=attendants).fold(1.0, |blocked, n| offered * blocked / (f64::from(n) + offered * blocked))
}

/// Erlang C; `None` where the attendants are fewer than the load, so that the queue grows for ever.
pub fn erlang_c(load: Load, attendants: u32, threshold_s: f64) -> Option<ErlangC> {
    let (offered, n) = (load.erlang(), f64::from(attendants));
    if offered >= n || attendants == 0 {
        return None;
    }
    let blocked = erlang_b(load, attendants);
    let waits = n * blocked / (n - offered * (1.0 - blocked));
    Some(ErlangC {
        waits,
        level: 1.0 - waits * (-(n - offered) * threshold_s / load.handle_s).exp(),
        mean_wait_s: waits * load.handle_s / (n - offered),
        occupancy: offered / n,
    })
}

/// Erlang A for callers of this mean patience. `short_s` is the short-abandon limit, 0 for none.
pub fn erlang_a(load: Load, attendants: u32, patience_s: f64, threshold_s: f64, short_s: f64) -> ErlangA {
    let arrival = load.calls_per_hour / 3600.0;
    if arrival <= 0.0 {
        return ErlangA {
            waits: 0.0,
            abandoned: 0.0,
            mean_wait_s: 0.0,
            answered_within: 1.0,
            abandoned_within: 0.0,
            short_abandoned: 0.0,
            occupancy: 0.0,
        };
    }
    let n = f64::from(attendants);
    let (busy_rate, leave_rate) = (n / load.handle_s, 1.0 / patience_s);
    // Weights of the states, beginning with the one in which all are busy and nobody waits.
    let mut chain = Chain::default();
    for state in (1..=attendants).rev() {
        chain.weight *= f64::from(state) / load.erlang();
        chain.below += chain.weight;
        chain.talking += chain.weight * f64::from(state - 1);
        chain.keep_small();
    }
    let mut within = Served::new(busy_rate / leave_rate, (-leave_rate * threshold_s).exp());
    let mut short = Served::new(busy_rate / leave_rate, (-leave_rate * short_s).exp());
    chain.weight = chain.scale;
    for before in 0..QUEUE_MAX {
        let weight = chain.weight;
        let (answered, abandoned) = within.next();
        chain.waiting += weight;
        chain.queued += weight * before as f64;
        chain.talking += weight * n;
        chain.answered_within += weight * answered;
        chain.abandoned_within += weight * abandoned;
        chain.short_abandoned += weight * short.next().1;
        let grows = arrival / (busy_rate + (before + 1) as f64 * leave_rate);
        chain.weight *= grows;
        if grows < 1.0 && chain.weight < NEGLIGIBLE * (chain.below + chain.waiting) {
            break;
        }
        chain.keep_small();
    }
    let all = chain.below + chain.waiting;
    let mean_wait_s = chain.queued / all / arrival;
    ErlangA {
        waits: chain.waiting / all,
        abandoned: mean_wait_s * leave_rate,
        mean_wait_s,
        answered_within: (chain.below + chain.answered_within) / all,
        abandoned_within: chain.abandoned_within / all,
        short_abandoned: chain.short_abandoned / all,
        occupancy: if attendants == 0 { 0.0 } else { chain.talking / all / n },
    }
}

/// Sums over the states, none of them divided yet.
struct Chain {
    /// Weight of the state that is looked at.
    weight: f64,
    /// Weight of the state in which all are busy and nobody waits.
    scale: f64,
    below: f64,
    waiting: f64,
    talking: f64,
    queued: f64,
    answered_within: f64,
    abandoned_within: f64,
    short_abandoned: f64,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            weight: 1.0,
            scale: 1.0,
            below: 0.0,
            waiting: 0.0,
            talking: 0.0,
            queued: 0.0,
            answered_within: 0.0,
            abandoned_within: 0.0,
            short_abandoned: 0.0,
        }
    }
}

impl Chain {
    /// Weights of large queues and of many idle attendants outgrow a floating-point number; only
    /// their proportions matter.
    fn keep_small(&mut self) {
        const LARGE: f64 = 1e200;
        if self.weight < LARGE {
            return;
        }
        for sum in [
            &mut self.weight,
            &mut self.scale,
            &mut self.below,
            &mut self.waiting,
            &mut self.talking,
            &mut self.queued,
            &mut self.answered_within,
            &mut self.abandoned_within,
            &mut self.short_abandoned,
        ] {
            *sum /= LARGE;
        }
    }
}

/// What becomes, within a time, of a caller with 0, 1, 2 … others before him.
struct Served {
    shape: f64,
    /// `exp(-θT)`.
    left: f64,
    before: f64,
    /// Incomplete beta functions at `left`: of (shape, before + 1) and (shape + 1, before + 1), each
    /// with the term that leads to the next.
    free: (f64, f64),
    taken: (f64, f64),
}

impl Served {
    fn new(shape: f64, left: f64) -> Self {
        let at = |power: f64| (left.powf(power), left.powf(power));
        Self { shape, left, before: 0.0, free: at(shape), taken: at(shape + 1.0) }
    }

    /// Shares answered and given up within the time, for the next number of others before him.
    fn next(&mut self) -> (f64, f64) {
        let is_answered = self.shape / (self.shape + self.before + 1.0) * (1.0 - self.taken.0);
        let is_free = 1.0 - self.free.0;
        let abandoned = 1.0 - self.left - is_answered + self.left * is_free;
        self.before += 1.0;
        let step = |(sum, term): &mut (f64, f64), shape: f64, left: f64, before: f64| {
            *term *= (1.0 - left) * (shape + before - 1.0) / before;
            *sum += *term;
        };
        step(&mut self.free, self.shape, self.left, self.before);
        step(&mut self.taken, self.shape + 1.0, self.left, self.before);
        (is_answered, abandoned.max(0.0))
    }
}

/// Mean patience in seconds, by the likelihood of what was seen: whoever was answered or left
/// otherwise would have waited longer still. All time spent waiting over the number who gave up;
/// `None` where nobody did.
pub fn patience_s(counts: &Counts) -> Option<f64> {
    (counts.waits_abandoned > 0).then(|| counts.wait_all_ms as f64 / counts.waits_abandoned as f64 / 1000.0)
}

/// What is wanted of a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// Threshold, seconds.
    pub threshold_s: f64,
    /// Short-abandon limit, seconds; 0 for none.
    pub short_s: f64,
    /// Share within the threshold.
    pub target: f64,
    /// By which definition.
    pub definition: DefinitionId,
}

/// What is expected of so many attendants: Erlang A, or, where nobody ever gave up, Erlang C.
/// `None` where the queue would grow for ever.
pub fn expected(load: Load, attendants: u32, patience_s: Option<f64>, wanted: &Wanted) -> Option<ErlangA> {
    if let Some(patience_s) = patience_s {
        return Some(erlang_a(load, attendants, patience_s, wanted.threshold_s, wanted.short_s));
    }
    let patient = erlang_c(load, attendants, wanted.threshold_s)?;
    Some(ErlangA {
        waits: patient.waits,
        abandoned: 0.0,
        mean_wait_s: patient.mean_wait_s,
        answered_within: patient.level,
        abandoned_within: 0.0,
        short_abandoned: 0.0,
        occupancy: patient.occupancy,
    })
}

/// The fewest attendants that are expected to keep the promise; none where nobody calls, `None`
/// where not even [`ATTENDANTS_MAX`] do.
pub fn needed(load: Load, patience_s: Option<f64>, wanted: &Wanted) -> Option<u32> {
    if load.erlang() <= 0.0 {
        return Some(0);
    }
    let keeps = |attendants: &u32| {
        let level = expected(load, *attendants, patience_s, wanted).and_then(|found| found.level(wanted.definition));
        level.is_some_and(|level| level >= wanted.target)
    };
    (1..=ATTENDANTS_MAX).find(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(calls_per_hour: f64, handle_s: f64) -> Load {
        Load { calls_per_hour, handle_s }
    }

    #[test]
    fn erlang_c_gives_the_golden_values() {
        for (calls, handle, attendants, threshold, waits, level, mean) in [
            (200.0, 180.0, 14, 20.0, "0.174132", "0.888350", "7.8359"),
            (200.0, 180.0, 13, 20.0, "0.285270", "0.795595", "17.1162"),
            (100.0, 180.0, 8, 30.0, "0.167267", "0.898548", "10.0360"),
            (60.0, 240.0, 7, 30.0, "0.135110", "0.907140", "10.8088"),
        ] {
            let found = erlang_c(load(calls, handle), attendants, threshold).unwrap();
            assert_eq!(format!("{:.6}", found.waits), waits);
            assert_eq!(format!("{:.6}", found.level), level);
            assert_eq!(format!("{:.4}", found.mean_wait_s), mean);
        }
        assert_eq!(format!("{:.4}", erlang_c(load(200.0, 180.0), 14, 20.0).unwrap().occupancy), "0.7143");
        assert_eq!(erlang_c(load(200.0, 180.0), 10, 20.0), None);
        assert_eq!(erlang_c(load(200.0, 180.0), 0, 20.0), None);
    }

    #[test]
    fn erlang_a_gives_the_golden_values() {
        for (calls, handle, attendants, patience, waits, abandoned, mean) in [
            (200.0, 180.0, 12, 120.0, "0.279807", "0.061597", "7.3917"),
            (200.0, 180.0, 9, 120.0, "0.613307", "0.192156", "23.0587"),
            (60.0, 240.0, 6, 180.0, "0.205498", "0.055410", "9.9738"),
        ] {
            let found = erlang_a(load(calls, handle), attendants, patience, 20.0, 5.0);
            assert_eq!(format!("{:.6}", found.waits), waits);
            assert_eq!(format!("{:.6}", found.abandoned), abandoned);
            assert_eq!(format!("{:.4}", found.mean_wait_s), mean);
        }
    }

    #[test]
    fn endless_patience_is_erlang_c() {
        let patient = erlang_c(load(200.0, 180.0), 13, 20.0).unwrap();
        let found = erlang_a(load(200.0, 180.0), 13, 1e9, 20.0, 5.0);
        assert!((found.answered_within - patient.level).abs() < 1e-5, "{found:?}");
        assert!((found.mean_wait_s - patient.mean_wait_s).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn within_for_ever_everybody_is_answered_or_has_given_up() {
        let found = erlang_a(load(200.0, 180.0), 9, 120.0, 1e7, 1e7);
        assert!((found.answered_within + found.abandoned - 1.0).abs() < 1e-9, "{found:?}");
        assert!((found.abandoned_within - found.abandoned).abs() < 1e-9, "{found:?}");
        // Who is answered keeps an attendant busy.
        assert!((found.occupancy - (1.0 - found.abandoned) * 10.0 / 9.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn within_no_time_only_those_who_do_not_wait_are_answered() {
        let found = erlang_a(load(200.0, 180.0), 12, 120.0, 0.0, 0.0);
        assert!((found.answered_within - (1.0 - found.waits)).abs() < 1e-12);
        assert!(found.abandoned_within.abs() < 1e-12 && found.short_abandoned.abs() < 1e-12);
    }

    #[test]
    fn large_loads_neither_overflow_nor_take_long() {
        for (calls, attendants) in [(20.0, 2_000), (60_000.0, 1), (60_000.0, 0)] {
            let found = erlang_a(load(calls, 180.0), attendants, 300.0, 20.0, 5.0);
            let kept = (1.0 - found.abandoned) * calls * 180.0 / 3600.0;
            assert!((found.occupancy * f64::from(attendants) - kept).abs() < 1e-6, "{found:?}");
        }
        let found = erlang_c(load(60_000.0, 180.0), 3_050, 20.0).unwrap();
        assert!(found.level > 0.9 && found.level < 1.0, "{found:?}");
        let found = erlang_a(load(60_000.0, 180.0), 2_900, 120.0, 20.0, 5.0);
        assert!((0.03..0.06).contains(&found.abandoned), "{found:?}");
    }

    #[test]
    fn patience_is_all_the_waiting_over_those_who_gave_up() {
        let counts = Counts { waits_abandoned: 4, wait_all_ms: 600_000, ..Counts::default() };
        assert_eq!(patience_s(&counts), Some(150.0));
        assert_eq!(patience_s(&Counts::default()), None);
    }

    #[test]
    fn the_fewest_who_keep_the_promise_are_needed() {
        let wanted = |definition| Wanted { threshold_s: 20.0, short_s: 5.0, target: 0.8, definition };
        // The golden values again: 13 attendants reach 79.6 %, 14 reach 88.8 %.
        assert_eq!(needed(load(200.0, 180.0), None, &wanted(DefinitionId::OfOffered)), Some(14));
        let by = |definition| needed(load(200.0, 180.0), Some(120.0), &wanted(definition)).unwrap();
        assert!(by(DefinitionId::OfOffered) <= 14);
        assert!(by(DefinitionId::AbandonsWithinMet) <= by(DefinitionId::OfOffered));
        assert_eq!(needed(load(0.0, 180.0), None, &wanted(DefinitionId::OfOffered)), Some(0));
    }
}
