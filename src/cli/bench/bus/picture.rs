//! The comparison as a picture: throughput and processor time as bars, latency by load as curves.

use super::report::{Latency, Report, Throughput};
use super::text;
use crate::cli::svg::{Anchor, Svg};

const WIDTH: f64 = 1_080.0;
const HEIGHT: f64 = 600.0;
/// The left half: bars.
const BARS_X: f64 = 40.0;
const BAR_WIDTH_MAX: f64 = 300.0;
const BAR_HEIGHT: f64 = 18.0;
const BAR_STEP: f64 = 46.0;
const THROUGHPUT_Y: f64 = 130.0;
const CPU_Y: f64 = 350.0;
/// The right half: curves.
const PLOT: Plot = Plot { left: 560.0, right: 950.0, top: 160.0, bottom: 460.0 };
const PROMISE_MS: f64 = 200.0;

/// What is drawn of each contender's latency.
const QUANTILES: [Quantile; 4] = [
    Quantile { name: "p50", dashes: "", of: |it| it.p50_us },
    Quantile { name: "p99", dashes: "8 3", of: |it| it.p99_us },
    Quantile { name: "p99.9", dashes: "4 3", of: |it| it.p999_us },
    Quantile { name: "max", dashes: "1 3", of: |it| it.max_us },
];

/// One curve.
struct Quantile {
    name: &'static str,
    /// As SVG has them.
    dashes: &'static str,
    /// Microseconds.
    of: fn(&Latency) -> u64,
}

impl Quantile {
    fn ms(&self, latency: &Latency) -> f64 {
        (self.of)(latency) as f64 / 1e3
    }
}

struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The whole picture, as an SVG file.
pub(super) fn comparison(report: &Report) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    svg.text("title", (BARS_X, 40.0), Anchor::Start, "The daemon beside the bus alone");
    for (row, line) in text::about(&report.about).lines().enumerate() {
        svg.text("soft", (BARS_X, 64.0 + 18.0 * row as f64), Anchor::Start, line);
    }
    throughput(&mut svg, report);
    cpu(&mut svg, &report.throughput);
    latency(&mut svg, report);
    svg.finish()
}

fn throughput(svg: &mut Svg, report: &Report) {
    let turns = report.about.turns;
    svg.text("head", (BARS_X, THROUGHPUT_Y), Anchor::Start, format!("Messages a second, median of {turns} turns"));
    let most = report.throughput.iter().map(|it| it.messages_per_s).fold(1.0, f64::max);
    for (row, it) in report.throughput.iter().enumerate() {
        let y = THROUGHPUT_Y + 24.0 + BAR_STEP * row as f64;
        let width = it.messages_per_s / most * BAR_WIDTH_MAX;
        svg.text("soft", (BARS_X, y + 8.0), Anchor::Start, label(it));
        svg.rect(class(it.contender), (BARS_X, y + 14.0), (width, BAR_HEIGHT), "");
        svg.text("", (BARS_X + width + 8.0, y + 28.0), Anchor::Start, thousands(it.messages_per_s));
    }
    let y = THROUGHPUT_Y + 34.0 + BAR_STEP * report.throughput.len() as f64;
    let ratio = format!("throughput_ratio {:.3}: daemon / bare", report.throughput_ratio);
    svg.text("", (BARS_X, y), Anchor::Start, ratio);
}

fn cpu(svg: &mut Svg, throughput: &[Throughput]) {
    svg.text("head", (BARS_X, CPU_Y), Anchor::Start, "Processor time for one message, µs");
    let all = |it: &Throughput| it.cpu_us_per_message + it.server_cpu_us_per_message;
    let most = throughput.iter().map(all).fold(1.0, f64::max);
    for (row, it) in throughput.iter().enumerate() {
        let y = CPU_Y + 24.0 + BAR_STEP * row as f64;
        let [own, server] = [it.cpu_us_per_message, it.server_cpu_us_per_message].map(|cpu| cpu / most * BAR_WIDTH_MAX);
        svg.text("soft", (BARS_X, y + 8.0), Anchor::Start, label(it));
        svg.rect(class(it.contender), (BARS_X, y + 14.0), (own, BAR_HEIGHT), "its own");
        let faint = format!("{} faint", class(it.contender));
        svg.rect(&faint, (BARS_X + own, y + 14.0), (server, BAR_HEIGHT), "the server's");
        let figures = format!("{:.1} + {:.1}", it.cpu_us_per_message, it.server_cpu_us_per_message);
        svg.text("", (BARS_X + own + server + 8.0, y + 28.0), Anchor::Start, figures);
    }
    let y = CPU_Y + 34.0 + BAR_STEP * throughput.len() as f64;
    svg.text("soft", (BARS_X, y), Anchor::Start, "its own (full colour) + the server's (faint), at full throughput");
}

fn latency(svg: &mut Svg, report: &Report) {
    let x = PLOT.left - 60.0;
    svg.text(
        "head",
        (x, THROUGHPUT_Y),
        Anchor::Start,
        "Latency by load, ms: from when a message was due to its record",
    );
    let figures = || report.latency.iter().flat_map(|it| QUANTILES.map(|quantile| quantile.ms(it)));
    let scale = Scale::of(figures());
    for ms in scale.ticks() {
        let y = scale.y(ms);
        svg.line("grid", "", &[(PLOT.left, y), (PLOT.right, y)]);
        svg.text("soft", (PLOT.left - 8.0, y + 4.0), Anchor::End, ms);
    }
    if scale.has(PROMISE_MS) {
        let y = scale.y(PROMISE_MS);
        svg.line("promise", "", &[(PLOT.left, y), (PLOT.right, y)]);
        svg.text("soft", (PLOT.right + 6.0, y + 4.0), Anchor::Start, "200 ms, promised");
    }
    for it in report.latency.iter().filter(|it| it.contender == "daemon") {
        let x = load_x(it.load_percent);
        svg.line("grid", "", &[(x, PLOT.bottom), (x, PLOT.bottom + 5.0)]);
        svg.text("", (x, PLOT.bottom + 20.0), Anchor::Middle, format!("{} %", it.load_percent));
        svg.text("soft", (x, PLOT.bottom + 37.0), Anchor::Middle, format!("{}/s", thousands(it.messages_per_s)));
    }
    for contender in ["bare", "daemon"] {
        curves(svg, report, contender, &scale);
    }
    legend(svg, PLOT.bottom + 66.0);
    let ratio = format!("p99_ratio {:.3}: daemon / bare at 50 %, medians of the turns' p99", report.p99_ratio);
    svg.text("", (x, PLOT.bottom + 118.0), Anchor::Start, ratio);
}

fn curves(svg: &mut Svg, report: &Report, contender: &str, scale: &Scale) {
    let class = class(contender);
    for quantile in QUANTILES {
        let its = || report.latency.iter().filter(|it| it.contender == contender);
        let point = |it: &Latency| (load_x(it.load_percent), scale.y(quantile.ms(it)));
        svg.line(&format!("line-{class}"), quantile.dashes, &its().map(point).collect::<Vec<_>>());
        for it in its() {
            let title = format!("{contender} at {} %, {}: {:.2} ms", it.load_percent, quantile.name, quantile.ms(it));
            svg.dot(class, point(it), &title);
        }
    }
}

fn legend(svg: &mut Svg, y: f64) {
    let left = PLOT.left - 60.0;
    for (column, (name, class)) in [("daemon", "a"), ("bus alone (bare)", "b")].into_iter().enumerate() {
        let x = left + 120.0 * column as f64;
        svg.rect(class, (x, y - 10.0), (12.0, 12.0), "");
        svg.text("", (x + 18.0, y), Anchor::Start, name);
    }
    for (column, Quantile { name, dashes, .. }) in QUANTILES.into_iter().enumerate() {
        let x = left + 120.0 * column as f64;
        svg.line("line-a", dashes, &[(x, y + 20.0), (x + 40.0, y + 20.0)]);
        svg.text("", (x + 48.0, y + 24.0), Anchor::Start, name);
    }
}

fn load_x(percent: u8) -> f64 {
    PLOT.left + f64::from(percent) / 90.0 * (PLOT.right - PLOT.left)
}

/// Milliseconds in whole decades.
struct Scale {
    decades: (i32, i32),
}

impl Scale {
    fn of(ms: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (0, 1);
        for ms in ms.filter(|ms| *ms > 0.0) {
            low = low.min(ms.log10().floor() as i32);
            high = high.max(ms.log10().ceil() as i32);
        }
        Self { decades: (low, high) }
    }

    fn y(&self, ms: f64) -> f64 {
        let (low, high) = self.decades;
        let share = (ms.max(1e-3).log10() - f64::from(low)) / f64::from(high - low);
        PLOT.bottom - share * (PLOT.bottom - PLOT.top)
    }

    fn has(&self, ms: f64) -> bool {
        f64::from(self.decades.1) >= ms.log10()
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.decades.0..=self.decades.1).map(|decade| 10_f64.powi(decade))
    }
}

fn label(it: &Throughput) -> String {
    let what = if it.contender == "daemon" { "daemon" } else { "bus alone" };
    format!("{what}, {:.0}-byte records", it.record_bytes)
}

fn class(contender: &str) -> &'static str {
    match contender {
        "daemon" => "a",
        "bare" => "b",
        _ => "c",
    }
}

/// `12,345`.
pub(super) fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_easy_to_read() {
        assert_eq!([7.0, 999.6, 12_345.0, 1_234_567.0].map(thousands), ["7", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn every_latency_is_within_the_plot() {
        let scale = Scale::of([0.04, 3.0, 6_324.0].into_iter());
        for ms in [0.04, 0.5, 6_324.0] {
            assert!((PLOT.top..=PLOT.bottom).contains(&scale.y(ms)), "{ms}");
        }
        assert_eq!(scale.ticks().count(), 7, "10 µs to 10 s");
        assert!(scale.has(PROMISE_MS));
    }
}
