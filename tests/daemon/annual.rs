//! Three simulated years of the model customer beside what it published of them.

use servicegrad::simulate::years::YEARS;

use crate::year::model_customer;

/// A random process comes near a published count and not onto it: 1 % of a count, one point of a
/// percentage.
fn is_near(found: f64, published: f64) -> bool {
    if published <= 1.0 { (found - published).abs() <= 0.01 } else { (found / published - 1.0).abs() <= 0.01 }
}

#[test]
fn the_annual_reports_show_the_published_years() {
    let house = model_customer("of_answered");
    for year in YEARS {
        let (this, next) = (year.year.to_string(), (year.year + 1).to_string());
        let (from, to, file) = (format!("{this}-01-01"), format!("{next}-01-01"), format!("{this}.ndjson"));
        house.ok(&["simulate", "--like", &this, "--from", &from, "--to", &to, "--output", &file]);
        house.ok(&["import", "--source", "simulering", &file]);
    }
    for year in YEARS {
        let report = house.report(&["--kind", "year", "--period", &year.year.to_string()]);
        let [kundtjanst, itsupport] = [0, 1].map(|place| &report["queues"][place]);
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        let called = number(&itsupport["offered"]) - number(&itsupport["outside_hours"]);
        println!(
            "{}: customer service {} answered, {:.4} within 30 s; IT support {called} calls, {:.4} within 60 s",
            year.year,
            kundtjanst["answered"],
            number(&kundtjanst["objective"]["value"]),
            number(&itsupport["objective"]["value"]),
        );
        let (answered, level) = year.kundtjanst;
        for (found, published) in [
            (number(&kundtjanst["answered"]), answered.map(|answered| answered as f64)),
            (number(&kundtjanst["objective"]["value"]), level),
            (called, Some(year.itsupport.0 as f64)),
            (number(&itsupport["objective"]["value"]), Some(year.itsupport.1)),
        ] {
            assert!(
                published.is_none_or(|published| is_near(found, published)),
                "{}: {found} {published:?}",
                year.year
            );
        }
        // Sums of months are the year, of organisations and of units the whole.
        for queue in [kundtjanst, itsupport] {
            for key in ["offered", "answered", "abandoned", "outside_hours"] {
                let months = queue["intervals"].as_array().unwrap();
                assert_eq!(queue[key], months.iter().map(|month| month[key].as_i64().unwrap()).sum::<i64>(), "{key}");
            }
        }
        let sum = |rows: &serde_json::Value| {
            rows.as_array().unwrap().iter().map(|row| row["transfers"].as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!(sum(&report["units"]), sum(&report["organisations"]));
        let units = report["units"].as_array().unwrap().iter().filter(|unit| unit["few"] == false);
        let rates: Vec<f64> = units.map(|unit| number(&unit["answer_rate"])).collect();
        let (worst, best) = (rates.iter().copied().fold(1.0, f64::min), rates.iter().copied().fold(0.0, f64::max));
        assert!(worst < 0.5 && best > 0.68, "{worst} {best}");
        // The year before stands beside.
        if year.year > YEARS[0].year {
            let before = &report["comparisons"][0];
            let year_before = house.report(&["--period", &(year.year - 1).to_string()]);
            assert_eq!(before["queues"][0]["figures"]["answered"], year_before["queues"][0]["answered"]);
        }
    }
    let pdf = cfg!(feature = "pdf").then_some(("pdf", &b"%PDF-1.7"[..]));
    for (format, head) in
        [("xlsx", &b"PK"[..]), ("html", b"<!DOCTYPE html>"), ("csv", b"section,"), ("table", b"Servicegrad 2023")]
            .into_iter()
            .chain(pdf)
    {
        let output = house.command(&["report", "--kind", "year", "--period", "2023", "--format", format]);
        assert!(output.status.success() && output.stdout.starts_with(head), "{format}");
    }
}
