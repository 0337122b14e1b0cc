//! Three servers that are one.

use crate::support::until;
use async_nats::jetstream;
use async_nats::jetstream::stream::Stream;
use decile::bus::private::{self, PrivateServer};
use std::net::TcpListener;

/// Three servers, with their routes to each other.
pub(crate) struct Cluster {
    pub(crate) servers: Vec<PrivateServer>,
    arguments: Vec<Vec<String>>,
}

impl Cluster {
    /// Starts them, and waits until they make streams with three replicas.
    pub(crate) async fn ready() -> Self {
        let cluster = Self::start();
        let client = async_nats::ConnectOptions::new().connect(cluster.urls()).await.expect("a server takes us");
        is_one(&jetstream::new(client)).await;
        cluster
    }

    fn start() -> Self {
        let binary = private::find().expect("a server");
        let listeners: Vec<TcpListener> = (0..3).map(|_| free_port()).collect();
        let address = |it: &TcpListener| format!("nats://{}", it.local_addr().expect("an address"));
        let routes: Vec<String> = listeners.iter().map(address).collect();
        drop(listeners);
        let arguments: Vec<Vec<String>> = (0..3)
            .map(|at| {
                let (name, routes_of) = (format!("n{at}"), routes.join(","));
                ["--name", &name, "--cluster_name", "torture", "--cluster", &routes[at], "--routes", &routes_of]
                    .map(str::to_owned)
                    .to_vec()
            })
            .collect();
        let start = |it: &Vec<String>| PrivateServer::start_with(&binary, &strs(it)).expect("a server starts");
        Self { servers: arguments.iter().map(start).collect(), arguments }
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|it| it.url().to_owned()).collect()
    }

    /// Starts a server again that was killed.
    pub(crate) fn restart(&mut self, at: usize) {
        self.servers[at].restart(&strs(&self.arguments[at])).expect("a server starts");
    }
}

/// A port that is free now, and that the system gives to nobody who does not ask for it: a server that is killed wants it back.
fn free_port() -> TcpListener {
    std::iter::repeat_with(|| fastrand::u16(20_000..32_000))
        .take(1_000)
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
        .expect("a free port")
}

fn strs(of: &[String]) -> Vec<&str> {
    of.iter().map(String::as_str).collect()
}

/// Waits until the cluster makes streams with three replicas.
async fn is_one(jetstream: &jetstream::Context) {
    until("a cluster", || async {
        let config = jetstream::stream::Config { name: "TRY".to_owned(), num_replicas: 3, ..Default::default() };
        jetstream.create_stream(config).await.ok()
    })
    .await;
    until("the stream is gone", || async { jetstream.delete_stream("TRY").await.ok() }).await;
}

/// Which server leads our stream, once one does.
pub(crate) async fn leader(jetstream: &jetstream::Context) -> usize {
    until("a leader", || async {
        let stream = jetstream.get_stream("DECILE").await.ok()?;
        let name = stream.cached_info().cluster.as_ref()?.leader.clone()?;
        name.strip_prefix('n')?.parse().ok()
    })
    .await
}

/// A stream whose replicas all have all of it: a consumer may be put on any of them, and reads what is there.
pub(crate) async fn caught_up(jetstream: &jetstream::Context, name: &str) -> Stream {
    until(&format!("all replicas of {name} have it"), || async {
        let stream = jetstream.get_stream(name).await.ok()?;
        let cluster = stream.cached_info().cluster.as_ref();
        let are_behind = cluster.is_some_and(|it| it.leader.is_none() || it.replicas.iter().any(|it| !it.current));
        (!are_behind).then_some(stream)
    })
    .await
}
