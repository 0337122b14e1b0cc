//! The report for people.

use super::report::{About, Latency, Report, Throughput};
use comfy_table::{CellAlignment, Table, presets};

/// All of it.
pub(super) fn comparison(report: &Report) -> String {
    [
        about(&report.about),
        format!("Throughput: a full stream, drained (medians of {} turns)\n{}", report.about.turns, throughput(report)),
        format!("throughput_ratio {:.3}: daemon / bare", report.throughput_ratio),
        format!("\nLatency: from when a message was due to its stored record, in ms\n{}", latency(report)),
        format!("p99_ratio {:.3}: daemon / bare at 50 %, medians of the turns' p99", report.p99_ratio),
    ]
    .join("\n")
}

/// What was measured.
pub(super) fn about(about: &About) -> String {
    let About { decile, nats_server, cores, messages_from, payload_bytes, rules, channels, .. } = about;
    let busy = about.load_average_before.map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    let sync = about.sync_interval.as_ref().map_or_else(String::new, |it| format!(" with `sync_interval: {it}`"));
    format!(
        "decile {decile}, nats-server {nats_server}{sync}, {cores} cores for both and the load (load average before: {busy})\n\
         {messages_from}, {payload_bytes:.0} bytes on average; {rules} rules, {channels} channels\n"
    )
}

fn throughput(report: &Report) -> Table {
    let headers = [
        "",
        "messages/s",
        "CPU µs/message",
        "server's CPU",
        "record bytes",
        "RSS MB",
        "peak MB",
        "ready ms",
        "turns, messages/s",
    ];
    let row = |it: &Throughput| {
        let turns: Vec<String> = it.turns.iter().map(|turn| format!("{:.0}", turn.messages_per_s)).collect();
        [
            it.contender.to_owned(),
            format!("{:.0}", it.messages_per_s),
            format!("{:.1}", it.cpu_us_per_message),
            format!("{:.1}", it.server_cpu_us_per_message),
            format!("{:.0}", it.record_bytes),
            format!("{:.1}", it.rss_bytes / 1e6),
            format!("{:.1}", it.rss_peak_bytes as f64 / 1e6),
            format!("{:.0}", it.ready_ms),
            turns.join(" "),
        ]
    };
    table(headers, report.throughput.iter().map(row))
}

fn latency(report: &Report) -> Table {
    let headers = [
        "load",
        "messages/s",
        "",
        "p50",
        "p99",
        "p99.9",
        "max",
        "over 200",
        "median p99",
        "sent late, p99",
        "CPU µs/message",
        "server's CPU",
        "peak MB",
    ];
    let row = |it: &Latency| {
        [
            format!("{} %", it.load_percent),
            format!("{:.0}", it.messages_per_s),
            it.contender.to_owned(),
            ms(it.p50_us as f64),
            ms(it.p99_us as f64),
            ms(it.p999_us as f64),
            ms(it.max_us as f64),
            it.over_200_ms.to_string(),
            ms(it.p99_us_median),
            ms(it.sent_late_p99_us as f64),
            format!("{:.1}", it.cpu_us_per_message),
            format!("{:.1}", it.server_cpu_us_per_message),
            format!("{:.1}", it.rss_peak_bytes as f64 / 1e6),
        ]
    };
    table(headers, report.latency.iter().map(row))
}

fn ms(us: f64) -> String {
    format!("{:.2}", us / 1e3)
}

/// Figures to the right.
pub(super) fn table<const N: usize>(headers: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(headers).add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
