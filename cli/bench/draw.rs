//! Which of so many keys comes next.

use rand::RngExt;
use rand::distr::Distribution;
use rand::rngs::SmallRng;
use rand_distr::Zipf;

/// Draws numbers from 0 on, below a count.
#[derive(Clone)]
pub struct Draw {
    count: u64,
    skew: Option<Zipf<f64>>,
}

impl Draw {
    /// Of so many, of which there is at least one: each as often as any other; or with a theta
    /// those of low rank more often, the number k with a weight of 1 / (k + 1)^theta.
    #[expect(clippy::cast_precision_loss, reason = "far fewer keys than 2^52")]
    pub fn new(count: u64, theta: Option<f64>) -> Self {
        let count = count.max(1);
        // A theta that the command line takes is good for every count.
        let skew = theta.and_then(|theta| Zipf::new(count as f64, theta).ok());
        Self { count, skew }
    }

    /// One of them.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is a whole number from 1 to the count"
    )]
    pub fn next(&self, random: &mut SmallRng) -> u64 {
        match &self.skew {
            None => random.random_range(0..self.count),
            Some(ranks) => {
                let rank = ranks.sample(random) as u64;
                rank.clamp(1, self.count) - 1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const DRAWS: usize = 20_000;

    fn times(count: usize, theta: Option<f64>) -> Vec<usize> {
        let draw = Draw::new(count as u64, theta);
        let mut random = SmallRng::seed_from_u64(1);
        let mut times = vec![0; count];
        for _ in 0..DRAWS {
            times[usize::try_from(draw.next(&mut random)).unwrap()] += 1;
        }
        times
    }

    #[test]
    fn low_ranks_come_as_much_more_often_as_theta_says() {
        let times = times(1000, Some(0.99));
        // The weights of 1000 ranks come to 7.73.
        let first = DRAWS as f64 / 7.73;
        let near = |count: usize, expected: f64| (count as f64 / expected - 1.0).abs() < 0.1;
        assert!(near(times[0], first), "{}", times[0]);
        assert!(near(times[1], first / 2_f64.powf(0.99)), "{}", times[1]);
        let (low, high) = times.split_at(100);
        assert!(low.iter().sum::<usize>() > high.iter().sum());
        assert!(high.iter().any(|times| *times > 0), "none is left out");
    }

    #[test]
    fn without_a_theta_every_number_comes_as_often_as_any_other() {
        let times = times(8, None);
        assert!(times.iter().all(|times| (2200..2800).contains(times)));
    }

    #[test]
    fn no_number_is_outside_the_count_however_skewed() {
        for count in [1, 2, 3, 1 << 40] {
            for theta in [0.01, 0.99, 1.0, 3.0, 10.0] {
                let draw = Draw::new(count, Some(theta));
                let mut random = SmallRng::seed_from_u64(count);
                let drawn = (0..1000).map(|_| draw.next(&mut random));
                assert!(drawn.max() < Some(count), "{count} {theta}");
            }
        }
    }

    #[test]
    fn one_seed_gives_one_row() {
        let row = |seed| {
            let draw = Draw::new(1000, Some(0.99));
            let mut random = SmallRng::seed_from_u64(seed);
            let row: Vec<u64> = (0..20).map(|_| draw.next(&mut random)).collect();
            row
        };
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
    }
}
