//! Pages of the servers' monitoring endpoints, and of the daemon's own: one GET, bounded in bytes and time.

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::fmt::Display;
use std::time::Duration;
use tokio::net::TcpStream;

/// The longest page that is read.
const PAGE_BYTES_MAX: usize = 4_194_304;
/// How long a page may take.
const PAGE_MAX: Duration = Duration::from_secs(2);

/// Reads a page.
///
/// # Errors
/// Why there is none: nobody answers, not in time, not with 200, or with too much.
pub(super) async fn get(url: &str) -> Result<String, String> {
    let reading = tokio::time::timeout(PAGE_MAX, read(url)).await;
    reading.unwrap_or_else(|_| Err(format!("no answer within {PAGE_MAX:?}")))
}

async fn read(url: &str) -> Result<String, String> {
    let uri: Uri = url.parse().map_err(text)?;
    let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("it is no address of the form `http://host:port`".to_owned());
    };
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host().trim_matches(['[', ']']), port)).await.map_err(text)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(text)?;
    let serving = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path).header(HOST, authority.as_str()).body(Empty::<Bytes>::new()).map_err(text)?;
    let answer = sender.send_request(request).await.map_err(text)?;
    if answer.status() != hyper::StatusCode::OK {
        return Err(format!("it answers {}", answer.status().as_u16()));
    }
    let body = Limited::new(answer.into_body(), PAGE_BYTES_MAX).collect().await.map_err(text)?;
    serving.abort();
    String::from_utf8(body.to_bytes().into()).map_err(text)
}

fn text(error: impl Display) -> String {
    error.to_string()
}
