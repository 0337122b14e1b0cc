//! At half of what it can do, for a long time: memory and file handles stay.

use crate::scene::{LIMITS, Scene, consumer, message, publish};
use crate::{choices, many};
use std::time::{Duration, Instant};

/// Messages by which it is found out what the daemon can do.
const BURST: usize = 600;
/// How long until whatever is kept is filled.
const WARM_UP: f64 = 0.25;
/// How much memory may grow, in bytes an hour; in the long run only, because a short one says nothing of hours.
const SLOPE_MAX: f64 = 1_048_576.0;
const LOOK: Duration = Duration::from_millis(250);
/// How often a long run says how it goes.
const SAYS: Duration = Duration::from_secs(300);

/// What the system says of the daemon.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: f64,
    rss: f64,
    handles: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_and_handles_stay_under_load() {
    let lasts = many(20, 7_200) as f64;
    let mut rng = choices("soak");
    let scene = Scene::new(LIMITS).await;
    let daemon = scene.daemon();
    daemon.wait_ready().await;
    let burst_began = Instant::now();
    scene.publish(BURST, &mut rng).await;
    scene.settled().await;
    let a_second = BURST as f64 / burst_began.elapsed().as_secs_f64() / 2.0;
    let (mut samples, mut sent) = (Vec::new(), 0.0);
    let (began, mut said) = (Instant::now(), Instant::now());
    while began.elapsed().as_secs_f64() < lasts {
        let due = (began.elapsed().as_secs_f64() * a_second - sent).max(0.0) as usize;
        publish(&scene.broker, (0..due).map(|_| message(&mut rng)).collect(), &scene.published).await;
        sent += due as f64;
        samples.push(sample(daemon.pid(), began.elapsed().as_secs_f64()));
        if said.elapsed() > SAYS {
            said = Instant::now();
            if let Some(info) = consumer(&scene.broker).await {
                let again = info.delivered.consumer_sequence - info.delivered.stream_sequence;
                eprintln!("{:?}: {sent} sent, {} wait, {again} came again", samples.last(), info.num_pending);
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    scene.settled().await;
    let counts = scene.verdict().await;
    judge(&samples, lasts, a_second);
    eprintln!("{counts:?}");
}

fn judge(samples: &[Sample], lasts: f64, a_second: f64) {
    let warm: Vec<Sample> = samples.iter().filter(|it| it.at > lasts * WARM_UP).copied().collect();
    let (first, last) = (warm[0], warm[warm.len() - 1]);
    let an_hour = slope(&warm) * 3_600.0;
    eprintln!(
        "{a_second:.0} messages a second for {lasts} s: RSS {:.1} MB, then {:.1} MB, {:+.2} MB an hour; {} handles, then {}",
        first.rss / 1e6,
        last.rss / 1e6,
        an_hour / 1e6,
        first.handles,
        last.handles
    );
    assert!(last.handles <= first.handles, "handles: {first:?}, {last:?}");
    if lasts >= 3_600.0 {
        assert!(an_hour < SLOPE_MAX, "memory grows by {an_hour} bytes an hour");
    }
}

/// Bytes a second, by least squares.
fn slope(samples: &[Sample]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (at, rss) = (mean(|it| it.at), mean(|it| it.rss));
    let over: f64 = samples.iter().map(|it| (it.at - at) * (it.rss - rss)).sum();
    over / samples.iter().map(|it| (it.at - at).powi(2)).sum::<f64>()
}

fn sample(pid: u32, at: f64) -> Sample {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let rss = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).and_then(|it| it.split_whitespace().next());
    let rss = rss.and_then(|it| it.parse::<f64>().ok()).expect("a size") * 1_024.0;
    Sample { at, rss, handles: std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs").count() }
}
