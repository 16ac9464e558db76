//! What is kept beside the figures.

use servicegrad::measure::Moment;
use servicegrad::store::{self, Elsewhere, Sight, Told, audit::Act};

use crate::stores::over_each;
use crate::week::directory;

fn act(at: i64, act: &str) -> Act {
    let word = |text: &str| text.to_owned();
    Act { at: Moment(at), who: word("cli anna"), act: word(act), about: word("2026-10"), detail: word("åäö \"'") }
}

#[test]
fn the_audit_log_tells_the_newest_act_first_and_survives_a_restart() {
    over_each(|fresh| {
        let mut ledger = store::open_ledger(&fresh.settings).unwrap();
        for (at, what) in
            [(10, "month_closed"), (30, "figures_recomputed"), (20, "number_erased"), (20, "number_erased")]
        {
            ledger.note(&act(at, what)).unwrap();
        }
        drop(ledger);
        let ledger = store::open_ledger(&fresh.settings).unwrap();
        let all = ledger.acts(Moment(0), Moment(100), 10).unwrap();
        let expected = [
            act(30, "figures_recomputed"),
            act(20, "number_erased"),
            act(20, "number_erased"),
            act(10, "month_closed"),
        ];
        assert_eq!(all, expected);
        assert_eq!(ledger.acts(Moment(20), Moment(30), 1).unwrap(), [act(20, "number_erased")]);
    });
}

#[test]
fn what_no_switch_told_is_kept_replaced_and_forgotten_and_shown_to_those_who_may_see_it() {
    let directory = directory();
    let day = |text: &str| text.parse().unwrap();
    let row = |name: &str, at: &str, told| Elsewhere { name: name.to_owned(), day: day(at), told };
    let month = |offered| Told::Queue { offered, answered: 90, abandoned: 8, within: [(30_000, 72)].into() };
    let rows = [
        row("kundtjanst", "2025-11-01", month(99)),
        row("kundtjanst", "2025-11-03", Told::Tickets(7)),
        row("gone", "2025-11-03", Told::Tickets(1)),
        row("hog", "2025-11-01", Told::Unit { transfers: 20, answered: 11 }),
    ];
    over_each(|fresh| {
        let mut ledger = store::open_ledger(&fresh.settings).unwrap();
        ledger.keep_elsewhere(&rows, &act(10, "elsewhere_kept")).unwrap();
        // The same again, and a better word about one month.
        ledger.keep_elsewhere(&rows, &act(20, "elsewhere_kept")).unwrap();
        ledger.keep_elsewhere(&[row("kundtjanst", "2025-11-01", month(100))], &act(30, "elsewhere_kept")).unwrap();
        let read = |sight: &Sight| store::open_reader(&fresh.settings, &directory).unwrap().elsewhere(sight).unwrap();
        let [_, tickets, gone, unit] = rows.clone();
        let kept = row("kundtjanst", "2025-11-01", month(100));
        assert_eq!(read(&Sight::ALL), [kept.clone(), gone.clone(), tickets.clone(), unit.clone()]);
        let of_queue = Sight::of_queues([directory.queue_named("kundtjanst").unwrap()]);
        assert_eq!(read(&of_queue), [kept.clone(), tickets.clone()]);
        let unit_id = directory.unit_named("hog").unwrap();
        let of_organisation = Sight::of_organisations([directory.unit(unit_id).organisation]);
        assert_eq!(read(&of_organisation), [unit]);
        ledger.forget_elsewhere(&rows[2..], &act(40, "elsewhere_forgotten")).unwrap();
        assert_eq!(read(&Sight::ALL), [kept, tickets]);
        assert_eq!(ledger.acts(Moment(0), Moment(100), 9).unwrap().len(), 4);
    });
}
