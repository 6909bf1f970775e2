//! As much of SVG as a plot needs, and scales.

use std::fmt::{Display, Write};

/// Dark enough on white, and told apart by those who see colours differently (Okabe and Ito).
pub(crate) const COLOURS: [&str; 7] =
    ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that is being drawn.
#[derive(Debug)]
pub(crate) struct Svg {
    body: String,
    width: f64,
    height: f64,
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl Svg {
    pub(crate) const fn new(width: f64, height: f64) -> Self {
        Svg { body: String::new(), width, height }
    }

    fn put(&mut self, element: impl Display) {
        // Into a string, which takes everything.
        let _ = writeln!(self.body, "  {element}");
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.put(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}" stroke-width="{width}"/>"#
        ));
    }

    pub(crate) fn path(&mut self, points: &[(f64, f64)], colour: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let points = points.join(" ");
        self.put(format_args!(
            r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>"#
        ));
    }

    pub(crate) fn dot(&mut self, (x, y): (f64, f64), colour: &str) {
        self.put(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="{colour}"/>"#));
    }

    pub(crate) fn bar(&mut self, (x, y): (f64, f64), width: f64, height: f64, colour: &str) {
        self.put(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
        ));
    }

    pub(crate) fn text(&mut self, (x, y): (f64, f64), size: u32, anchor: Anchor, text: &str) {
        self.put(format_args!(
            r##"<text x="{x:.1}" y="{y:.1}" font-size="{size}" fill="#222" text-anchor="{}">{}</text>"##,
            anchor.name(),
            escaped(text)
        ));
    }

    /// A text that runs upwards.
    pub(crate) fn upright(&mut self, (x, y): (f64, f64), size: u32, text: &str) {
        self.put(format_args!(
            r##"<text transform="translate({x:.1} {y:.1}) rotate(-90)" font-size="{size}" fill="#222" text-anchor="middle">{}</text>"##,
            escaped(text)
        ));
    }

    pub(crate) fn finish(self) -> String {
        let Svg { body, width, height } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"sans-serif\">\n  <rect width=\"{width}\" height=\"{height}\" \
             fill=\"white\"/>\n{body}</svg>\n"
        )
    }
}

impl Anchor {
    const fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// A logarithmic scale from one pixel to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogScale {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) pixels: (f64, f64),
}

impl LogScale {
    pub(crate) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.pixels;
        low + (value / self.from).log10() / (self.to / self.from).log10() * (high - low)
    }

    /// The powers of ten on the scale.
    pub(crate) fn decades(&self) -> Vec<f64> {
        let (first, last) = (self.from.log10().ceil() as i32, self.to.log10().floor() as i32);
        (first..=last).map(|power| 10_f64.powi(power)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decade_is_as_wide_as_the_next() {
        let scale = LogScale { from: 10.0, to: 1_000.0, pixels: (0.0, 200.0) };
        assert!((scale.at(100.0) - 100.0).abs() < 1e-9);
        assert_eq!(scale.decades().len(), 3);
    }

    #[test]
    fn texts_cannot_break_out() {
        assert_eq!(escaped("a<b & c>d"), "a&lt;b &amp; c&gt;d");
    }
}
