//! Prometheus's text formats. By hand, because the libraries write one of the two formats each, and want to keep the figures themselves.

use std::fmt::{Display, Write};

/// The two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Version 0.0.4, which every reader knows.
    Text,
    /// Version 1.0.0.
    OpenMetrics,
}

/// What a family of samples is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its name ends with `_total`.
    Counter,
    Gauge,
    Histogram,
    /// A counter whose name does not end with `_total`, which `OpenMetrics` does not allow and `promtool` complains of.
    OldCounter,
}

impl Format {
    /// The format that suits the header `Accept` best.
    pub(super) fn accepted(accept: &str) -> Self {
        let quality = |wanted: &str| {
            let qualities = accept.split(',').filter_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
                let quality = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
                is_it.then(|| quality.parse::<f32>().unwrap_or(0.0))
            });
            qualities.fold(0.0, f32::max)
        };
        let open_metrics = quality("application/openmetrics-text");
        if open_metrics > 0.0 && open_metrics >= quality("text/plain") { Self::OpenMetrics } else { Self::Text }
    }

    /// The value of `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A text that is being written.
#[derive(Debug)]
pub(super) struct Exposition {
    format: Format,
    text: String,
    /// The family that is being written.
    name: &'static str,
}

impl Exposition {
    pub(super) fn new(format: Format) -> Self {
        Self { format, text: String::new(), name: "" }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Begins a family.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        self.name = name;
        let (family, kind) = match (self.format, kind) {
            (Format::Text, Kind::OldCounter) => (name, "untyped"),
            (Format::OpenMetrics, Kind::OldCounter) => (name, "unknown"),
            (Format::Text, Kind::Counter) => (name, "counter"),
            (Format::OpenMetrics, Kind::Counter) => (name.strip_suffix("_total").unwrap_or(name), "counter"),
            (_, Kind::Gauge) => (name, "gauge"),
            (_, Kind::Histogram) => (name, "histogram"),
        };
        self.write(format_args!("# HELP {family} {help}\n# TYPE {family} {kind}\n"));
    }

    /// A sample of the family.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.sample_of("", labels, value);
    }

    /// A sample of the family whose name has an ending more.
    pub(super) fn sample_of(&mut self, ending: &str, labels: &[(&str, &str)], value: impl Display) {
        let name = self.name;
        self.write(format_args!("{name}{ending}"));
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            self.write(format_args!("{before}{name}=\"{}\"", Escaped(value)));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        self.write(format_args!(" {value}\n"));
    }

    /// A family of one sample.
    pub(super) fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(&[], value);
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text.into_bytes()
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.text.write_fmt(arguments);
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => formatter.write_str("\\\\")?,
                '"' => formatter.write_str("\\\"")?,
                '\n' => formatter.write_str("\\n")?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_for_those_who_ask_for_it() {
        let cases = [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("text/plain", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            ("text/plain;version=0.0.4;q=0.8, application/openmetrics-text;version=1.0.0;q=0.5", Format::Text),
            ("application/openmetrics-text;q=0", Format::Text),
        ];
        for (accept, format) in cases {
            assert_eq!(Format::accepted(accept), format, "{accept}");
        }
    }

    #[test]
    fn the_formats_differ_in_names_and_types() {
        let written = |format| {
            let mut text = Exposition::new(format);
            text.family("a_total", Kind::Counter, "Help.");
            text.sample(&[("x", "a\"\\\n"), ("y", "")], 7);
            text.single("old", Kind::OldCounter, "Help.", 0.5);
            String::from_utf8(text.finish()).expect("text")
        };
        let samples = |name: &str| name.replace("SAMPLE", "a_total{x=\"a\\\"\\\\\\n\",y=\"\"} 7");
        assert_eq!(
            written(Format::Text),
            samples(
                "# HELP a_total Help.\n# TYPE a_total counter\nSAMPLE\n# HELP old Help.\n# TYPE old untyped\nold 0.5\n"
            )
        );
        assert_eq!(
            written(Format::OpenMetrics),
            samples("# HELP a Help.\n# TYPE a counter\nSAMPLE\n# HELP old Help.\n# TYPE old unknown\nold 0.5\n# EOF\n")
        );
    }
}
