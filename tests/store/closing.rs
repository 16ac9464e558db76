//! Months are closed, corrected by revisions, and counted anew under other rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use servicegrad::directory::{Directory, QueueSettings, Units};
use servicegrad::event::{CallEvent, EventKind};
use servicegrad::measure::{Moment, Span};
use servicegrad::names::SourceId;
use servicegrad::report::{REPORTS, Report, Request, Status, earlier_report, month_report};
use servicegrad::stats::period::Period;
use servicegrad::stats::{Cell, Scope, ScopeKind, Tier};
use servicegrad::store::upkeep::UpkeepSettings;
use servicegrad::store::upkeep::signing::StillOpen;
use servicegrad::store::{self, Act, Sight, Upkeep};

use crate::stores::{Fresh, over_each};
use crate::upkeep::tamper;
use crate::week::{ZONE, directory, engine, events, take, told};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn march() -> Moment {
    Period::parse("2026-03").unwrap().moments(ZONE).0
}

fn april() -> Moment {
    Period::parse("2026-04").unwrap().moments(ZONE).0
}

fn stale_after() -> Span {
    Span::from_seconds(4 * 3600)
}

fn act(at: Moment, act: &str, why: &str) -> Act {
    Act { at, who: "cli anna".into(), act: act.into(), about: "2026-03".into(), detail: why.into() }
}

/// Four days around the end of March, and one call of March apart that comes late.
fn early_and_late(seed: u64) -> (Vec<CallEvent>, Vec<CallEvent>) {
    let all = events(4, seed);
    let is_entry =
        |event: &&CallEvent| matches!(&event.kind, EventKind::VisitEntered { queue, .. } if queue == "kundtjanst");
    let chosen = all.iter().find(is_entry).unwrap().call.clone();
    all.into_iter().partition(|event| event.call != chosen)
}

fn keeper(fresh: &Fresh, directory: &Arc<Directory>) -> Upkeep {
    store::open_upkeep(&fresh.settings, directory).unwrap()
}

fn asked(period: &str) -> Request {
    Request {
        period: Period::parse(period).unwrap(),
        kind: &REPORTS[0],
        interval: None,
        elsewhere: Arc::default(),
        sight: Sight::ALL,
    }
}

fn report(fresh: &Fresh, directory: &Arc<Directory>, period: &str) -> Report {
    let reader = store::open_reader(&fresh.settings, directory).unwrap();
    month_report(&*reader, directory, &asked(period), april().plus_ms(40 * DAY_MS)).unwrap()
}

fn revision(fresh: &Fresh, directory: &Arc<Directory>, period: &str, revision: u32) -> Report {
    let reader = store::open_reader(&fresh.settings, directory).unwrap();
    earlier_report(&*reader, directory, &asked(period), revision, april().plus_ms(40 * DAY_MS)).unwrap()
}

#[test]
fn a_closed_month_stays_as_signed_until_a_revision_tells_the_difference() {
    let directory = directory();
    over_each(|fresh| {
        let (early, late) = early_and_late(31);
        take(&mut engine(&fresh.settings, &directory), &early);
        let keeper = keeper(fresh, &directory);
        let before = report(fresh, &directory, "2026-03");
        assert_eq!((before.period.status, before.revisions.len()), (Status::Provisional, 0));
        assert_eq!(keeper.sign(march(), &act(april().plus_ms(5 * HOUR_MS), "month_closed", "ended")).unwrap(), 1);
        let signed = report(fresh, &directory, "2026-03");
        assert_eq!(signed.period.status, Status::Closed);
        assert_eq!(signed.queues[0].figures.counts, before.queues[0].figures.counts);

        let as_signed = told(&fresh.settings, &directory);
        take(&mut engine(&fresh.settings, &directory), &late);
        let offered = |report: &Report| report.queues[0].figures.counts.offered;
        let still = report(fresh, &directory, "2026-03");
        assert_eq!((offered(&still), still.period.status), (offered(&signed), Status::Closed));
        assert_eq!(told(&fresh.settings, &directory).offered(), as_signed.offered() + 1, "the fact is there");
        let last = keeper.closing_of(march()).unwrap().unwrap();
        assert!(keeper.changed_since_signed(&last).unwrap() > 0);
        // The living rollups are what the facts come to all the time.
        assert_eq!(keeper.verify(&mut |_, _| {}).unwrap().different, 0);

        let why = "the journal of a night came late";
        assert_eq!(keeper.sign(march(), &act(april().plus_ms(DAY_MS), "month_revised", why)).unwrap(), 2);
        let revised = report(fresh, &directory, "2026-03");
        assert_eq!((offered(&revised), revised.period.status), (offered(&signed) + 1, Status::Revised));
        assert_eq!((revised.revisions.len(), revised.revisions[1].why.as_str()), (2, why));
        let changes = &revised.revisions[1].changes;
        let named = |figure: &str| changes.iter().find(|one| one.name == "kundtjanst" && one.figure == figure);
        assert_eq!(named("offered").unwrap().is.since(named("offered").unwrap().was), Some(1.0));
        assert!(revised.revisions[0].changes.is_empty());
        // The first revision can still be shown.
        let first = revision(fresh, &directory, "2026-03", 1);
        assert_eq!((offered(&first), first.period.status), (offered(&signed), Status::Superseded));
        assert_eq!(first.units.len(), signed.units.len());
        let by_hour = |report: &Report| {
            let patterns = report.patterns.as_ref().unwrap();
            patterns[0].cells.iter().flatten().map(|cell| cell.offered).sum::<i64>()
        };
        assert_eq!((by_hour(&first), by_hour(&revised)), (offered(&signed), offered(&revised)), "down to the quarters");
        // Nothing differs any more, and April was never touched.
        let last = keeper.closing_of(march()).unwrap().unwrap();
        assert_eq!(keeper.changed_since_signed(&last).unwrap(), 0);
        assert_eq!(report(fresh, &directory, "2026-04").period.status, Status::Provisional);
        assert_eq!(report(fresh, &directory, "2026-Q1").period.status, Status::Provisional);
        let ledger = store::open_ledger(&fresh.settings).unwrap();
        let acts: Vec<String> =
            ledger.acts(Moment(0), Moment(i64::MAX), 9).unwrap().into_iter().map(|act| act.act).collect();
        assert_eq!(acts, ["month_revised", "month_closed"]);
    });
}

#[test]
fn a_month_closes_by_itself_when_its_sources_have_told_of_the_time_after_it() {
    let directory = directory();
    let settings = UpkeepSettings::default();
    over_each(|fresh| {
        let (early, late) = early_and_late(32);
        let of_march: Vec<CallEvent> = early.iter().filter(|event| event.stamp.at < april()).cloned().collect();
        let mut engine = engine(&fresh.settings, &directory);
        take(&mut engine, &of_march);
        engine.end_import(SourceId(0)).unwrap();
        let keeper = keeper(fresh, &directory);
        let pass = |now: Moment| keeper.pass(&settings, now, stale_after(), &|| true).unwrap().signed;
        let (soon, later) = (april().plus_ms(HOUR_MS), april().plus_ms(28 * DAY_MS));
        let over = april().plus_ms(4 * HOUR_MS);
        assert_eq!(keeper.still_open(march(), soon, stale_after()).unwrap(), Some(StillOpen::Until(over)));
        assert_eq!(keeper.why_not_yet(march(), later, stale_after()).unwrap(), Some(StillOpen::Untold));
        assert_eq!(pass(later), [], "nobody has told of April, so that March may not be told to its end");
        take(&mut engine, &early);
        assert_eq!(pass(later), [(march(), 1)]);
        assert_eq!(pass(later.plus_ms(2 * DAY_MS)), [], "nothing has changed");
        take(&mut engine, &late);
        assert_eq!(pass(later.plus_ms(HOUR_MS)), [], "not twice a day");
        assert_eq!(pass(later.plus_ms(DAY_MS)), [(march(), 2)]);
        let off = UpkeepSettings { close: false, ..UpkeepSettings::default() };
        let year = april().plus_ms(400 * DAY_MS);
        assert_eq!(keeper.pass(&off, year, stale_after(), &|| true).unwrap().signed, []);
    });
}

#[test]
fn a_conversation_whose_end_nobody_tells_does_not_keep_its_month_open() {
    let directory = directory();
    let is_end = |event: &CallEvent| {
        matches!(event.kind, EventKind::ConversationEnded { .. } | EventKind::CallEnded { .. })
            || matches!(event.kind, EventKind::TransferStarted { .. } | EventKind::TransferAnswered { .. })
    };
    let untold: Vec<CallEvent> = events(4, 34).into_iter().filter(|event| !is_end(event)).collect();
    over_each(|fresh| {
        let mut engine = engine(&fresh.settings, &directory);
        let (of_march, later) = untold.split_at(untold.partition_point(|event| event.stamp.at < april()));
        take(&mut engine, of_march);
        let keeper = keeper(fresh, &directory);
        let (over, is_open) = (april().plus_ms(4 * HOUR_MS + 1), Some(StillOpen::Calls));
        assert_eq!(keeper.still_open(march(), over, stale_after()).unwrap(), is_open);
        take(&mut engine, later);
        assert_eq!(keeper.still_open(march(), over, stale_after()).unwrap(), None);
    });
}

/// Figures of March and April by queue and unit: by the sum that was kept, and by their months.
fn of_both_months(fresh: &Fresh, directory: &Arc<Directory>) -> [BTreeMap<Scope, Cell>; 2] {
    let reader = store::open_reader(&fresh.settings, directory).unwrap();
    let (year, may) = (Period::parse("2026").unwrap().moments(ZONE), april().plus_ms(30 * DAY_MS));
    let mut summed = BTreeMap::new();
    let given =
        reader.each_sum(&Sight::ALL, &ScopeKind::ALL, year, &mut |scope, cell| drop(summed.insert(scope, cell)));
    assert_eq!(given.unwrap(), [(march(), april()), (april(), may)]);
    let mut by_month: BTreeMap<Scope, Cell> = BTreeMap::new();
    for kind in ScopeKind::ALL {
        for (key, cell) in reader.cells(&Sight::ALL, kind, Tier::Month, march(), may).unwrap() {
            by_month.entry(key.scope).and_modify(|sum| sum.merge(&cell)).or_insert(cell);
        }
    }
    [summed, by_month]
}

#[test]
fn closed_months_are_added_up_when_they_are_signed_and_again_when_one_is_revised() {
    let directory = directory();
    over_each(|fresh| {
        let (early, late) = early_and_late(35);
        take(&mut engine(&fresh.settings, &directory), &early);
        let keeper = keeper(fresh, &directory);
        let nothing_to_give = |from: Moment, until: Moment| {
            let reader = store::open_reader(&fresh.settings, &directory).unwrap();
            let given = reader.each_sum(&Sight::ALL, &[ScopeKind::Unit], (from, until), &mut |_, _| panic!("a sum"));
            assert_eq!(given.unwrap(), []);
        };
        let year = Period::parse("2026").unwrap().moments(ZONE);
        keeper.sign(march(), &act(april(), "month_closed", "ended")).unwrap();
        nothing_to_give(year.0, year.1);
        keeper.sign(april(), &act(april(), "month_closed", "ended")).unwrap();
        let [summed, by_month] = of_both_months(fresh, &directory);
        assert_eq!(summed.len(), 6, "{:?}", summed.keys());
        assert_eq!(summed, by_month);
        nothing_to_give(march(), april().plus_ms(29 * DAY_MS));
        nothing_to_give(march().plus_ms(DAY_MS), year.1);
        let so_far =
            |period| report(fresh, &directory, period).comparisons[0].queues[0].as_ref().unwrap().counts.offered;
        let signed = (so_far("2026-04"), so_far("2026-05"));
        assert_eq!(signed.0, signed.1);
        // March is revised, and so is what it is part of.
        take(&mut engine(&fresh.settings, &directory), &late);
        assert_eq!((so_far("2026-04"), so_far("2026-05")), signed, "as signed");
        keeper.sign(march(), &act(april(), "month_revised", "late")).unwrap();
        let [summed, by_month] = of_both_months(fresh, &directory);
        assert_eq!(summed, by_month);
        assert_eq!((so_far("2026-04"), so_far("2026-05")), (signed.0 + 1, signed.1 + 1));
        assert_eq!(keeper.verify(&mut |_, _| {}).unwrap().differences, []);
        let swap = "UPDATE year_sum_cell SET content = (SELECT content FROM year_sum_cell AS other WHERE name = 'lag' \
                    AND other.number = year_sum_cell.number AND scope = 'unit') WHERE name = 'hog'";
        tamper(&fresh.settings, swap);
        let found = keeper.verify(&mut |_, _| {}).unwrap().differences;
        assert!(found.iter().any(|one| (one.about.as_str(), one.tier) == ("unit hog", "year")), "{found:?}");
    });
}

/// The same house, whose queue was promised other things until April.
fn directory_with_other_rules() -> Arc<Directory> {
    let kundtjanst: QueueSettings = toml::from_str(
        "name = \"kundtjanst\"\n[[earlier]]\nuntil = \"2026-04-01\"\nthresholds = [\"20s\", \"60s\"]\nshort_abandon = \"none\"\n\
         objective = { threshold = \"20s\", target = 0.8, definition = \"of_offered\" }\n",
    )
    .unwrap();
    let queues = [kundtjanst, QueueSettings::named("itsupport")].map(|queue| queue.check(ZONE, Some("SE")).unwrap());
    Arc::new(Directory::new(ZONE, vec!["vaxel".into()], queues.into(), Units::none()).unwrap())
}

#[test]
fn a_month_is_counted_anew_under_other_rules_as_a_revision_and_never_in_place() {
    let directory = directory();
    over_each(|fresh| {
        take(&mut engine(&fresh.settings, &directory), &events(4, 33));
        let signing = keeper(fresh, &directory);
        signing.sign(march(), &act(april(), "month_closed", "ended")).unwrap();
        drop(signing);
        let other = directory_with_other_rules();
        let before = report(fresh, &other, "2026-03");
        let thresholds = |report: &Report| {
            report.queues[0].figures.thresholds.iter().map(|at| at.counts.threshold_ms).collect::<Vec<_>>()
        };
        // Signed is signed, whatever the configuration says now.
        assert_eq!((thresholds(&before), before.queues[0].objective), (vec![30_000, 60_000], None));
        let alone = store::open_upkeep_alone(&fresh.settings, &other).unwrap();
        assert!(matches!(store::open(&fresh.settings, &other), Err(store::StoreError::Held { .. })));
        assert_eq!(alone.changed_rules().unwrap(), [(march(), "kundtjanst".to_owned())]);
        let why = "20 s was promised until April";
        let recounted = alone.recount(march(), &act(april().plus_ms(1), "figures_recomputed", why)).unwrap();
        assert_eq!(recounted.revision, Some(2));
        assert_eq!(alone.changed_rules().unwrap(), []);
        let verified = alone.verify(&mut |_, _| {}).unwrap();
        assert_eq!(verified.different, 0, "{:?}", verified.differences);

        let after = report(fresh, &other, "2026-03");
        assert_eq!((after.period.status, thresholds(&after)), (Status::Revised, vec![20_000, 60_000]));
        assert_eq!(after.queues[0].objective.unwrap().threshold_ms, 20_000);
        assert_eq!(after.queues[0].figures.counts.offered, before.queues[0].figures.counts.offered);
        let figures: Vec<&str> = after.revisions[1].changes.iter().map(|one| one.figure.as_str()).collect();
        assert!(figures.contains(&"within.20") && figures.contains(&"within.30"), "{figures:?}");
        assert_eq!(after.revisions[1].why, why);
        // A late event is counted as its month is.
        let quarter = report(fresh, &other, "2026");
        assert!(quarter.queues[0].has_changed && quarter.queues[0].objective.is_none());
        assert_eq!(thresholds(&quarter), [60_000], "30 s was not counted all the time");
    });
}
