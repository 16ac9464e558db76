//! The same events come to the same figures, whatever keeps them.

use crate::server::shared;
use crate::stores::{Fresh, over_each};
use crate::week::{directory, disturbed, engine, events, take, told};

#[test]
fn both_stores_tell_the_same_of_a_disturbed_week() {
    let directory = directory();
    let week = events(7, 11);
    let kept = [Fresh::sqlite(), Fresh::postgres()].map(|fresh| {
        let mut engine = engine(&fresh.settings, &directory);
        for piece in disturbed(&week, 3).chunks(700) {
            take(&mut engine, piece);
        }
        engine.end_import(servicegrad::names::SourceId(0)).unwrap();
        told(&fresh.settings, &directory)
    });
    assert!(kept[0].offered() > 2_000, "{}", kept[0].offered());
    assert_eq!(kept[0], kept[1]);
}

#[test]
fn order_repetition_and_restarts_do_not_matter() {
    let directory = directory();
    let days = events(3, 12);
    over_each(|fresh| {
        let calm = Fresh::sqlite();
        let mut undisturbed = engine(&calm.settings, &directory);
        take(&mut undisturbed, &days);
        for piece in disturbed(&days, 5).chunks(900) {
            // A new start for every batch.
            take(&mut engine(&fresh.settings, &directory), piece);
        }
        let (calm, disturbed) = (told(&calm.settings, &directory), told(&fresh.settings, &directory));
        assert!(calm.offered() > 800);
        // Lateness is about delivery, and so is the only thing that may differ.
        assert_eq!(calm.offered(), disturbed.offered());
    });
}

#[test]
fn facts_lie_in_the_partition_of_their_month_and_rollups_are_read_by_the_reading_role_only() {
    let server = shared();
    let database = server.database();
    let settings = server.settings(&database);
    let directory = directory();
    take(&mut engine(&settings, &directory), &events(4, 13));
    let in_march = server.sql(&database, "SELECT count(*) FROM visit_2026_03");
    let in_april = server.sql(&database, "SELECT count(*) FROM visit_2026_04");
    let in_other = server.sql(&database, "SELECT count(*) FROM visit_other");
    assert!(in_march != "0" && in_april != "0" && in_other == "0", "{in_march} {in_april} {in_other}");
    let by_view = "SET ROLE servicegrad_read; SELECT sum(offered) FROM report_queue WHERE tier = 'month'";
    let offered: i64 = server.sql(&database, by_view).lines().last().unwrap().parse().unwrap();
    assert_eq!(offered, told(&settings, &directory).offered() as i64);
    let refused = std::panic::catch_unwind(|| server.sql(&database, "SET ROLE servicegrad_read; SELECT * FROM call"));
    assert!(refused.is_err(), "the reading role reads calls");
}
