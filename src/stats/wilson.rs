//! How far a share may be from what it would be over many calls: the benefit of the doubt.

use crate::measure::Share;

/// Upper end of Wilson's one-sided interval of a share, `z` standard deviations wide; `None` for no
/// data. A level whose upper end is below the target is below it with hardly any doubt, and no other
/// least number of calls is needed: 2 late of 4 says nothing, 8 of 40 much.
pub fn upper(share: Share, z: f64) -> Option<f64> {
    let p = share.ratio()?;
    let n = share.of as f64;
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    Some((middle + half) / (1.0 + z * z / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doubt_shrinks_with_the_calls() {
        let of = |met, of| upper(Share { met, of }, 1.645).unwrap();
        // A quiet night: two late calls of four say nothing about a target of 90 or 80 %.
        assert!((of(2, 4) - 0.8176).abs() < 0.0001, "{}", of(2, 4));
        assert!(of(80, 100) < 0.9 && of(8, 10) > 0.9);
        assert!((of(90_000, 100_000) - 0.9).abs() < 0.002);
        assert!((of(5, 5) - 1.0).abs() < 1e-12);
        assert_eq!(upper(Share::default(), 1.645), None);
    }
}
