//! The adapters that reach people: frames, links and notices.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::config::Credentials;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use chrono::{TimeDelta, Timelike as _};
use riffle_aws_adapters::{ApiGatewayNotifier, Aws, LinkSettings, S3Links};
use riffle_ports::{
    ClientNotifier, Clock as _, DownloadLinks, Entry, Ids, Meter, Notice, Notices as _, ObjectStore as _,
    PortError, Source,
};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_testkit::contract::{self, ClientHarness};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::world::{World, http};

type Sockets = Arc<Mutex<HashMap<String, UnboundedSender<String>>>>;

/// The management side of a WebSocket API, as in its reference: a `POST` to `/STAGE/@connections/ID`, and 410 for a
/// closed connection. (An emulator reveals a connection's id only to a function.)
async fn management(sockets: Sockets) -> String {
    async fn push(State(sockets): State<Sockets>, Path(id): Path<String>, frame: Bytes) -> Response {
        let frame = String::from_utf8(frame.to_vec()).expect("a text");
        let sockets = sockets.lock().await;
        match sockets.get(&id).map(|socket| socket.send(frame)) {
            Some(Ok(())) => StatusCode::OK.into_response(),
            _ => (StatusCode::GONE, [("x-amzn-errortype", "GoneException")], "{}").into_response(),
        }
    }
    let routes = Router::new().route("/live/@connections/{id}", post(push)).with_state(sockets);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("a server") });
    format!("http://{address}/live")
}

struct Clients {
    notifier: ApiGatewayNotifier,
    sockets: Sockets,
    open: Mutex<HashMap<String, UnboundedReceiver<String>>>,
}

#[async_trait]
impl ClientHarness for Clients {
    fn notifier(&self) -> &dyn ClientNotifier {
        &self.notifier
    }

    async fn connect(&self) -> String {
        // Ids of API Gateway look like this.
        let id = format!("{}+/=", &RandomIds.fresh()[..12]);
        let (socket, client) = unbounded_channel();
        self.sockets.lock().await.insert(id.clone(), socket);
        self.open.lock().await.insert(id.clone(), client);
        id
    }

    async fn next(&self, connection: &str) -> String {
        let mut open = self.open.lock().await;
        open.get_mut(connection).expect("connected").recv().await.expect("open")
    }

    async fn disconnect(&self, connection: &str) {
        self.open.lock().await.remove(connection);
    }
}

#[tokio::test]
async fn notifier() {
    let sockets = Sockets::default();
    let endpoint = management(Arc::clone(&sockets)).await;
    let world = World::at(&endpoint).await;
    let clients = Clients { notifier: world.aws.notifier(&endpoint), sockets, open: Mutex::default() };
    contract::client_notifier(&clients, &RandomIds).await;
    // Five pushes arrived, each billed as a message; pushes to closed connections are free.
    assert_eq!(world.meter.take(SystemClock.now()).socket_messages, 5);
}

fn settings(objects: &str, uploads: &str) -> LinkSettings {
    LinkSettings {
        objects_bucket: objects.to_owned(),
        uploads_bucket: uploads.to_owned(),
        lifetime: Duration::from_mins(5),
        upload_key: |upload, number| format!("uploaded/{upload}/files/{number:07}"),
    }
}

fn entry(name: &str, locator: &str) -> Entry {
    Entry { name: name.to_owned(), locator: locator.to_owned(), size: 3, version: "v".to_owned() }
}

async fn saved(url: &str) -> (String, String, String) {
    let answer = http()
        .get(url)
        .send()
        .await
        .expect("an answer")
        .error_for_status()
        .expect("the link can be followed");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    let (disposition, kind) = (header("content-disposition"), header("content-type"));
    (disposition, kind, answer.text().await.expect("content"))
}

#[tokio::test]
async fn links_save_under_a_name() {
    let world = World::new().await;
    let (objects, uploads) = (world.bucket().await, world.bucket().await);
    let links: S3Links = world.aws.links(settings(&objects, &uploads), Arc::new(SystemClock));

    world.aws.objects(&objects).put("reports/1.xlsx", Bytes::from_static(b"report")).await.expect("put");
    let before = SystemClock.now();
    let link = links.object("reports/1.xlsx", "Bericht Ä.xlsx").await.expect("a link");
    let lasts = link.expires_at - before;
    assert!(lasts >= TimeDelta::minutes(5) && lasts < TimeDelta::minutes(6), "{lasts}");
    let (disposition, kind, content) = saved(&link.url).await;
    assert_eq!(
        disposition,
        "attachment; filename=\"Bericht _.xlsx\"; filename*=UTF-8''Bericht%20%C3%84.xlsx"
    );
    assert_eq!(kind, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    assert_eq!(content, "report");
    let forged = link.url.replace("reports/1", "reports/2");
    assert_eq!(
        http().get(&forged).send().await.expect("an answer").status(),
        403,
        "a link is valid for one object only"
    );

    let put = |key: &str, content: &'static [u8]| {
        let put = world.s3().put_object().bucket(&uploads).key(key);
        put.body(content.to_vec().into()).send()
    };
    put("uploaded/abc/files/0000007", b"upload").await.expect("put");
    put("files/one/hall 7/ä+b.html", b"<script>").await.expect("put");
    let upload = Source::Upload("abc".to_owned());
    let link = links.file(&upload, &entry("sub/plan.pdf", "7")).await.expect("a link").expect("one");
    let (disposition, kind, content) = saved(&link.url).await;
    assert!(
        disposition.contains("\"plan.pdf\""),
        "the file name is the last part of the path: {disposition}"
    );
    assert_eq!((kind.as_str(), content.as_str()), ("application/pdf", "upload"));

    let prefix = |tenant: &str| Source::Prefix { tenant: tenant.to_owned(), prefix: "hall 7/".to_owned() };
    let page = entry("ä+b.html", "hall 7/ä+b.html");
    let link = links.file(&prefix("one"), &page).await.expect("a link").expect("one");
    let (_, kind, content) = saved(&link.url).await;
    assert_eq!((kind.as_str(), content.as_str()), ("application/octet-stream", "<script>"));

    let folder = Source::Folders(vec!["/".to_owned()]);
    assert_eq!(
        links.file(&folder, &entry("a", "0/a")).await,
        Ok(None),
        "files in local folders have no links"
    );
    for source in [prefix("one/../two"), prefix(""), Source::Upload("../x".to_owned())] {
        let refused = links.file(&source, &entry("a", "7")).await;
        assert!(matches!(refused, Err(PortError::Broken(_))), "{source:?} gave {refused:?}");
    }
}

#[tokio::test]
async fn links_end_with_the_credentials() {
    let expiry = SystemClock.now() + TimeDelta::seconds(90);
    let credentials = |expiry: chrono::DateTime<chrono::Utc>| {
        Credentials::new("AKID", "secret", Some("token".to_owned()), Some(expiry.into()), "tests")
    };
    let links = async |credentials: Credentials| {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .http_client(riffle_aws_adapters::https())
            .region(aws_config::Region::new("eu-central-1"))
            .credentials_provider(credentials)
            .load()
            .await;
        let aws = Aws::new(&config, Arc::new(Meter::default()));
        aws.links(settings("objects-1", "uploads-1"), Arc::new(SystemClock)).object("a/b", "b").await
    };
    let link = links(credentials(expiry)).await.expect("a link");
    assert!(
        link.expires_at <= expiry
            && link.expires_at.with_nanosecond(0)
                >= expiry.with_nanosecond(0).map(|at| at - TimeDelta::seconds(3))
    );
    assert!(
        link.url.starts_with("https://objects-1.s3.eu-central-1.amazonaws.com/a/b?"),
        "the link leads to the bucket's address at AWS"
    );
    assert!(link.url.contains("X-Amz-Security-Token=token"));
    let late = links(credentials(SystemClock.now() - TimeDelta::seconds(1))).await;
    assert!(matches!(late, Err(PortError::Unavailable(_))), "{late:?}");
}

#[tokio::test]
async fn notices_are_published() {
    let world = World::new().await;
    let client = aws_sdk_sns::Client::new(&world.config);
    let topic = client.create_topic().name(crate::world::name()).send().await.expect("a topic");
    let topic = topic.topic_arn.expect("its address");
    let notice = Notice { subject: "A scan is complete".to_owned(), body: "300 files, 1 failed".to_owned() };
    world.aws.notices(&topic).send(notice.clone()).await.expect("published");
    let nowhere = world.aws.notices(&format!("{topic}-none")).send(notice).await;
    assert!(matches!(nowhere, Err(PortError::Broken(_))), "{nowhere:?}");
}
