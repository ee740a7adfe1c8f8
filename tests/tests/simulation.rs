//! The billing engine under a fixed number of seeds; `cargo run -p tests --bin simulate` plays any number.

use tests::simulation::play;

const SEEDS: u64 = 25;
/// Enough to meet most of what can go wrong, and short enough for every run of the suites.
const STEPS: usize = 30;

#[tokio::test]
async fn no_seed_loses_or_makes_a_coin() {
    for seed in 1..=SEEDS {
        if let Err(failure) = play(seed, STEPS).await {
            panic!("{failure}");
        }
    }
}

#[tokio::test]
async fn a_seed_is_the_same_every_time() {
    for seed in [1, 2] {
        let traces = [play(seed, STEPS).await.unwrap(), play(seed, STEPS).await.unwrap()];
        assert_eq!(traces[0], traces[1], "seed {seed}");
    }
}
