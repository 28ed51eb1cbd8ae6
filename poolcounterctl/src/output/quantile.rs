use crate::admin::Histogram;
use crate::output::age;

/// The bucket in which a quantile lies, as `<4.1s`; a dash if nothing was counted.
pub(crate) fn quantile(histogram: &Histogram, share: f64) -> String {
    if histogram.count == 0 {
        return "-".to_owned();
    }
    // A count of what happened is far below the 2^52 that a double knows exactly.
    #[expect(clippy::cast_precision_loss)]
    let reached = |count: u64| count as f64 >= share * histogram.count as f64;
    match histogram.buckets.iter().find(|(_, count)| reached(*count)) {
        Some((bound, _)) if *bound < 1.0 => format!("<{:.0}ms", (bound * 1_000.0).ceil()),
        Some((bound, _)) => format!("<{}", age(*bound)),
        None => histogram.buckets.last().map_or_else(|| "-".to_owned(), |(bound, _)| format!(">{}", age(*bound))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_named_by_its_bound() {
        let buckets = vec![(0.001, 5), (0.512, 90), (4.096, 99), (131.072, 99)];
        let histogram = Histogram { count: 100, buckets };
        assert_eq!(
            [0.05, 0.5, 0.99, 1.0].map(|share| quantile(&histogram, share)),
            ["<1ms", "<512ms", "<4.1s", ">2m11s"]
        );
        assert_eq!(quantile(&Histogram::default(), 0.5), "-");
    }
}
