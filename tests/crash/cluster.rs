//! Three servers, three replicas, and the leader of our stream is killed under load.

use crate::load::Load;
use crate::replicas::{Cluster, leader};
use crate::scene::{LIMITS, POLICY, Published, pack, settled, verdict};
use crate::support::operator::Person;
use crate::support::{Broker, Daemon, World, run, until};
use crate::{choices, many};
use std::time::{Duration, Instant};

/// Decisions before and after each death, at least.
const BETWEEN: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_death_of_a_leader_loses_nothing_and_decides_nothing_twice() {
    let deaths = many(2, 100);
    let mut rng = choices("cluster");
    let mut cluster = Cluster::ready().await;
    let sections = format!("{LIMITS}[retention]\nreplicas = 3\n");
    let (world, ada) = Person::of(World::at(&cluster.urls().join("\", \"")).policy(POLICY).more(&sections));
    run(&["setup", "--apply", "--config", &world.config()]).exits(0);
    ada.grants("archive", "test.main", &[]);
    let broker = Broker::with(async_nats::ConnectOptions::new(), &cluster.urls().join(",")).await;
    let (packs, published) = ([pack(&world)].into(), Published::default());
    let daemons = [Daemon::start(&world, &[]), Daemon::start(&world, &[])];
    for daemon in &daemons {
        daemon.wait_ready().await;
    }
    let load = Load::on(&cluster.urls(), &published, rng.fork(), 40);
    let mut slowest = Duration::ZERO;
    for _ in 0..deaths {
        decided(&broker, rng.u64(1..BETWEEN)).await;
        let dies = leader(&broker.jetstream).await;
        cluster.servers[dies].kill();
        let died = Instant::now();
        decided(&broker, BETWEEN).await;
        slowest = slowest.max(died.elapsed());
        cluster.restart(dies);
    }
    load.end().await;
    settled(&broker).await;
    let published = published.lock().unwrap().clone();
    let counts = verdict(&broker, &packs, &published, |_| ()).await;
    eprintln!("{deaths} deaths, deciding again within {slowest:.1?}; {counts:?}");
}

/// Waits for so many more records.
async fn decided(broker: &Broker, count: u64) {
    let before = until("a leader that says how much there is", || async {
        Some(broker.last_sequence("DECILE").await).filter(|it| *it > 0)
    })
    .await;
    until(&format!("more than {} records", before + count), || async {
        (broker.last_sequence("DECILE").await > before + count).then_some(())
    })
    .await;
}
