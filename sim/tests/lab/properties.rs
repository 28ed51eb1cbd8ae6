//! Properties of every day.

use crate::days::play;
use poolcounter_sim::scenario::Balance;
use poolcounter_sim::setting::Mode;
use poolcounter_sim::{Curve, Outcome, Preset, Scenario, Setting, Simulation};
use proptest::prelude::*;

fn days() -> impl Strategy<Value = Scenario> {
    let curve = || (0.0..30.0_f64, 0.0..60.0_f64).prop_map(|(from, to)| Curve::through(&[(10.0, from), (20.0, to)]));
    let curves = (curve(), curve(), curve(), curve(), curve());
    let sizes = (any::<u32>(), 30_u32..120, 1_u32..50, 1_u32..4, 1_u32..6, 1_u32..20, 0_u32..40);
    let times = (0.01..5.0_f64, 0.01..2.0_f64, 0.0..2.0_f64, 0.0..0.1_f64, 0.0..0.5_f64, 1.0..40.0_f64);
    (curves, sizes, times, any::<bool>(), any::<bool>()).prop_map(|(curves, sizes, times, cached, random)| {
        let mut day = Preset::QuietDay.scenario();
        (day.hot_readers, day.readers, day.crawler, day.edits, day.other_edits) = curves;
        (day.seed, day.duration, day.pages, day.servers, day.cores, day.web_workers, day.backlog) = sizes;
        (day.parse_cpu, day.other_parse_cpu, day.parse_spread, day.request_cpu, day.crash_share, day.patience) = times;
        day.hot_cached = cached;
        day.balance = if random { Balance::Random } else { Balance::RoundRobin };
        day
    })
}

fn settings() -> impl Strategy<Value = Setting> {
    let modes = prop::sample::select(vec![Mode::None, Mode::ForAnyone, Mode::ForMe]);
    (modes, 1_u32..5, 1_u32..30, 0_u32..20, any::<bool>(), 0_u32..4).prop_map(
        |(mode, workers, maxqueue, timeout, fast_stale, slots)| Setting {
            mode,
            workers,
            maxqueue,
            timeout,
            fast_stale,
            slots,
        },
    )
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

fn sum(rates: &[f64], interval: f64) -> f64 {
    rates.iter().sum::<f64>() * interval
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_books_balance(day in days(), setting in settings()) {
        let Outcome { totals, series } = play(&day, &setting);
        let by = &totals.errors_by;
        prop_assert_eq!(by.queue_full + by.timeout + by.crashed + by.refused + by.gave_up, totals.errors);
        prop_assert_eq!(totals.wait.count + by.refused + totals.unfinished, totals.requests);
        prop_assert!(totals.wait.max <= day.patience + 1e-6);
        prop_assert!(totals.cpu_busy <= 1.0 && series.cpu_busy.iter().all(|&share| share <= 1.0));
        prop_assert_eq!(series.fresh.len(), 240);
        let peaks = [
            (&series.most_parses, totals.most_parses, &series.parses),
            (&series.most_waiting, totals.longest_queue, &series.waiting),
            (&series.most_backlog, totals.longest_backlog, &series.backlog),
        ];
        for (most, total, averages) in peaks {
            prop_assert_eq!(most.iter().max(), Some(&total));
            prop_assert!(most.iter().zip(averages).all(|(&most, &average)| float(most) >= average - 1e-9));
        }
        let longest = series.wait_p95.iter().flatten().fold(0.0_f64, |longest, &wait| longest.max(wait));
        prop_assert!(longest <= totals.wait.max && longest >= totals.wait.p50);
        prop_assert_eq!(series.wait_p95.iter().all(Option::is_none), totals.wait.count == 0);
        let whole = [(&series.requests, totals.requests), (&series.fresh, totals.fresh), (&series.stale, totals.stale)];
        for (rates, total) in whole {
            let total = f64::from(u32::try_from(total).unwrap());
            prop_assert!((sum(rates, series.interval) - total).abs() < 0.01 * (total + 1.0));
        }
        if setting.mode == Mode::None {
            prop_assert_eq!((totals.longest_queue, by.queue_full, by.timeout, totals.stale), (0, 0, 0, 0));
        }
    }

    #[test]
    fn readers_come_whatever_the_setting(day in days(), a in settings(), b in settings()) {
        prop_assert_eq!(play(&day, &a).series.requests, play(&day, &b).series.requests);
    }

    #[test]
    fn slices_make_no_difference(day in days(), setting in settings(), slice in 1_u32..5_000) {
        let mut simulation = Simulation::new(&day, &setting).unwrap();
        let mut last = 0.0;
        while last < 1.0 {
            let share = simulation.advance(slice);
            prop_assert!((last..=1.0).contains(&share));
            last = share;
            let so_far = simulation.outcome().totals;
            prop_assert_eq!(so_far.requests, so_far.fresh + so_far.stale + so_far.errors + so_far.unfinished);
        }
        prop_assert_eq!(simulation.outcome(), play(&day, &setting));
    }
}
