/// `999 B`, `12.3 kB`, `4.5 MB`.
#[expect(clippy::cast_precision_loss, reason = "it is rounded anyway")]
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_short() {
        assert_eq!([0, 999, 1_000, 12_345, 4_500_000].map(size), ["0 B", "999 B", "1.0 kB", "12.3 kB", "4.5 MB"]);
    }
}
