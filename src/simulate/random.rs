//! Chance, from a seed: SplitMix64. Not for secrets.

/// A source of chance.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The source of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in 0 to 1, neither end included.
    pub fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn is(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// Exponentially distributed, with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.share().ln()
    }

    /// Between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// How many of many rare things happen when `mean` do on average.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let limit = (-mean).exp();
        let (mut count, mut product) = (0, self.share());
        while product > limit && count < 10_000 {
            count += 1;
            product *= self.share();
        }
        count
    }

    /// One of `0..count`: small numbers more often than large ones, none of them never.
    pub fn skewed(&mut self, count: usize) -> usize {
        let share = if self.is(0.2) { self.share() } else { self.share() * self.share() };
        ((share * count as f64) as usize).min(count.saturating_sub(1))
    }
}
