//! Erlang A against the simulated switchboard, which knows nothing of formulas.

use servicegrad::event::{EventKind, LeftOutcome};
use servicegrad::measure::Moment;
use servicegrad::simulate::{Scenario, Switchboard};
use servicegrad::stats::staffing::{Load, erlang_a};

const HOUR_MS: i64 = 3_600_000;
/// Calls of one run.
const CALLS: f64 = 20_000.0;
/// Student's t for 19 degrees of freedom, 99.9 % two-sided.
const T_19: f64 = 3.883;

/// Shares of one run: abandoned, answered within 20 s; and the mean wait in seconds.
fn run(seed: u64, calls_per_hour: f64, talk_s: f64, patience_s: f64, attendants: usize) -> [f64; 3] {
    let mut board =
        Switchboard::new(Scenario::textbook(calls_per_hour, talk_s, patience_s, attendants), seed, Moment(0));
    // The first two hours fill an empty house.
    board.advance(Moment(2 * HOUR_MS));
    let (mut over, mut abandoned, mut within, mut wait_ms) = (0.0, 0.0, 0.0, 0.0);
    let hours = (CALLS / calls_per_hour) as i64;
    for told in board.advance(Moment((2 + hours) * HOUR_MS)) {
        match told.event.kind {
            EventKind::VisitAnswered { wait: Some(wait), .. } => {
                over += 1.0;
                within += f64::from(u8::from(wait.ms() <= 20_000));
                wait_ms += f64::from(wait.ms());
            }
            EventKind::VisitLeft { outcome: LeftOutcome::Abandoned, wait: Some(wait), .. } => {
                over += 1.0;
                abandoned += 1.0;
                wait_ms += f64::from(wait.ms());
            }
            _ => {}
        }
    }
    [abandoned / over, within / over, wait_ms / over / 1000.0]
}

#[test]
fn erlang_a_lies_within_the_confidence_interval_of_the_simulated_switchboard() {
    for (calls_per_hour, talk_s, attendants, patience_s) in
        [(200.0, 180.0, 12, 120.0), (200.0, 180.0, 9, 120.0), (60.0, 240.0, 6, 180.0)]
    {
        let expected = erlang_a(Load { calls_per_hour, handle_s: talk_s }, attendants, patience_s, 20.0, 5.0);
        let expected = [expected.abandoned, expected.answered_within, expected.mean_wait_s];
        let runs: Vec<[f64; 3]> =
            (0..20).map(|seed| run(seed, calls_per_hour, talk_s, patience_s, attendants as usize)).collect();
        for (figure, expected) in expected.into_iter().enumerate() {
            let mean = runs.iter().map(|run| run[figure]).sum::<f64>() / 20.0;
            let variance = runs.iter().map(|run| (run[figure] - mean).powi(2)).sum::<f64>() / 19.0;
            let half_width = T_19 * (variance / 20.0).sqrt();
            println!("{calls_per_hour} {attendants}: figure {figure}: {expected:.5} in {mean:.5} ± {half_width:.5}");
            assert!((mean - expected).abs() <= half_width, "{figure}: {expected} is not within {mean} ± {half_width}");
            assert!(half_width < 0.06 * expected, "the interval is too wide to tell anything: {mean} ± {half_width}");
        }
    }
}
