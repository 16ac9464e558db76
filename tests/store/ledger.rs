//! What is kept beside the figures.

use servicegrad::measure::Moment;
use servicegrad::store::{self, audit::Act};

use crate::stores::over_each;

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
