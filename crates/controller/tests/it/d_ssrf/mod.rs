//! D. Hostile URLs, names and redirects: whoever writes one reaches nothing of this machine. What they aim at is there, and
//! counts who comes.

mod listener;
mod names;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use keydesk_controller::fetch::{FetchError, Fetched, Fetcher, Opening, Reach, Resolver};

use self::listener::{Listener, inside_information, ok, redirect};
use self::names::{Rebinding, Zone};

/// Where people who may be fetched from are; nothing else of this machine may be.
const OUTSIDE: &str = "127.0.0.9";
const LIMIT: u64 = 10_000;

/// URLs of something inside, PORT being where it listens.
const HOSTILE: [&str; 68] = [
    // The address itself, in every spelling that somebody's parser takes.
    "http://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://127.0.0.2:PORT/",
    "http://127.255.255.254:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0X7F.1:PORT/",
    "http://017700000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://0177.0x0.0.1:PORT/",
    "http://127.0.0.1%2e:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http://127.0%2e0.1:PORT/",
    "http://127。0。0。1:PORT/",
    "http://127.0.0.①:PORT/",
    "http://１２７.0.0.1:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0.1.2.3:PORT/",
    // IPv6, and what it can carry.
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[::]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:0:127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[64:ff9b:1::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[2001:0:7f00:1::80ff:fffe]:PORT/",
    "http://[2606:4700::5efe:127.0.0.1]:PORT/",
    "http://[fe80::1]:PORT/",
    "http://[fe80::1%25lo]:PORT/",
    "http://[::1%25lo]:PORT/",
    "http://[ff02::1]:PORT/",
    "http://[fec0::1]:PORT/",
    // Metadata services, and addresses of nobody.
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/latest/meta-data/",
    "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://168.63.129.16/machine",
    "http://255.255.255.255:PORT/",
    "http://224.0.0.1:PORT/",
    "http://198.18.0.1:PORT/",
    "http://192.0.2.1:PORT/",
    // Names that resolve to such addresses.
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://loopback.example:PORT/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://six.example:PORT/",
    "http://mapped.example:PORT/",
    "http://ｌｏｏｐｂａｃｋ.example:PORT/",
    "http://unspecified.example:PORT/",
    // Whom somebody else's parser would take for the host.
    "http://public.example@127.0.0.1:PORT/",
    "http://user:password@127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT/",
    "http:127.0.0.1:PORT/",
    // Other schemes.
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/_x",
    "ftp://127.0.0.1:PORT/",
    "ws://127.0.0.1:PORT/",
];

/// A fetcher for which of this machine only [`OUTSIDE`] is open.
fn fetcher(resolver: Arc<dyn Resolver>) -> Fetcher {
    let outside = format!("{OUTSIDE}/32").parse().unwrap();
    reaching(vec![outside]).with_resolver(resolver)
}

fn reaching(allow: Vec<Opening>) -> Fetcher {
    let reach = Reach {
        allow,
        ..Reach::default()
    };
    Fetcher::new(reach).with_deadline(Duration::from_secs(5))
}

async fn fetch(fetcher: &Fetcher, url: &str) -> Result<String, FetchError> {
    match fetcher.fetch(url, LIMIT, None).await? {
        Fetched::Document { text, .. } => Ok(text),
        Fetched::Unchanged => panic!("nothing was fetched before"),
    }
}

#[tokio::test]
async fn s049_hostile_urls_reach_nothing() {
    let inside = Listener::inside().await;
    let fetcher = fetcher(Arc::new(Zone::hostile()));
    for url in HOSTILE {
        let url = url.replace("PORT", &inside.port().to_string());
        let error = fetch(&fetcher, &url).await.expect_err(&url);
        assert!(
            matches!(error, FetchError::Url(_) | FetchError::AddressRefused { .. }),
            "{url}: {error:?}"
        );
        assert_eq!(inside.connections(), 0, "{url}");
        assert!(!error.is_transient(), "{url}: nobody has to try again soon");
    }
}

#[tokio::test]
async fn s049_redirects_to_hostile_urls_reach_nothing() {
    let inside = Listener::inside().await;
    let port = inside.port().to_string();
    // In a redirect from http this one is a path.
    let urls = HOSTILE.into_iter().filter(|url| !url.starts_with("http:1"));
    let targets = urls.map(|url| url.replace("PORT", &port));
    // Relative ones, which only a redirect can have.
    let relative = [
        format!("//127.0.0.1:{port}/"),
        format!("\\\\127.0.0.1:{port}\\"),
        format!("//[::1]:{port}"),
    ];
    let targets: Vec<_> = targets.chain(relative).collect();
    // Such a header is bytes; what is no ASCII is no URL in it.
    let locations: Vec<_> = targets.iter().map(|target| redirect(target)).collect();
    let outside = Listener::at(&format!("{OUTSIDE}:0"), move |path| {
        let number: usize = path.trim_start_matches('/').parse().unwrap();
        locations[number].clone()
    })
    .await
    .unwrap();
    let fetcher = fetcher(Arc::new(Zone::hostile()));
    for (number, target) in targets.iter().enumerate() {
        let url = format!("http://{}/{number}", outside.address);
        let error = fetch(&fetcher, &url).await.expect_err(target);
        assert!(
            matches!(
                error,
                FetchError::Redirect(_) | FetchError::RedirectNowhere | FetchError::AddressRefused { .. }
            ),
            "{target}: {error:?}"
        );
        assert_eq!(inside.connections(), 0, "{target}");
    }
    assert_eq!(outside.connections(), targets.len(), "each redirect was read");
}

/// A fetcher as in `up --demo`: of this machine, one door is open.
fn through(door: &Listener) -> Fetcher {
    reaching(vec![door.address.into()]).with_resolver(Arc::new(Zone::hostile()))
}

#[tokio::test]
async fn s049_a_door_that_is_open_opens_no_port_beside_it() {
    let door = Listener::at("127.0.0.1:0", |_| ok("public")).await.unwrap();
    let fetcher = through(&door);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "localhost",
        "loopback.example",
    ] {
        let url = format!("http://{host}:{}/", door.port());
        assert_eq!(fetch(&fetcher, &url).await.unwrap(), "public", "{url}");
    }

    let inside = Listener::inside().await;
    for url in HOSTILE {
        let url = url.replace("PORT", &inside.port().to_string());
        let error = fetch(&fetcher, &url).await.expect_err(&url);
        assert!(
            matches!(error, FetchError::Url(_) | FetchError::AddressRefused { .. }),
            "{url}: {error:?}"
        );
    }
    // The port that a URL does not name is its scheme's.
    for url in ["http://127.0.0.1/", "https://localhost/", "http://127.0.0.1:/"] {
        let error = fetch(&fetcher, url).await.expect_err(url);
        assert!(
            matches!(error, FetchError::AddressRefused { .. }),
            "{url}: {error:?}"
        );
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn s049_a_door_that_is_open_leads_to_no_port_beside_it() {
    let inside = Listener::inside().await;
    let port = inside.port();
    let targets = [
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://localhost:{port}/"),
        "http://127.0.0.1/".to_owned(),
    ];
    let locations = targets.clone();
    let door = Listener::at("127.0.0.1:0", move |path| {
        match path.trim_start_matches('/').parse::<usize>() {
            Ok(number) => redirect(&locations[number]),
            Err(_) => ok("public"),
        }
    })
    .await
    .unwrap();
    let fetcher = through(&door);
    for (number, target) in targets.iter().enumerate() {
        let url = format!("http://{}/{number}", door.address);
        let error = fetch(&fetcher, &url).await.expect_err(target);
        assert!(
            matches!(error, FetchError::AddressRefused { .. }),
            "{target}: {error:?}"
        );
    }
    assert_eq!(inside.connections(), 0);
    assert_eq!(door.connections(), targets.len(), "each redirect was read");
}

#[tokio::test]
async fn s049_what_listens_inside_would_answer() {
    let inside = Listener::inside().await;
    let open = reaching(vec!["127.0.0.0/8".parse().unwrap()]);
    let url = format!("http://2130706433:{}/", inside.port());
    assert_eq!(fetch(&open, &url).await.unwrap(), "inside information");
    assert_eq!(
        inside.connections(),
        1,
        "so the other tests look at something that can be reached"
    );
}

/// Somebody outside and something inside, at the same port.
async fn outside_and_inside(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (Listener, Listener) {
    let outside = Listener::at(&format!("{OUTSIDE}:0"), answer).await.unwrap();
    let inside = Listener::at(&format!("127.0.0.1:{}", outside.port()), |_| inside_information())
        .await
        .unwrap();
    (outside, inside)
}

#[tokio::test]
async fn s049_a_name_that_changes_between_check_and_connection_gains_nothing() {
    let (outside, inside) = outside_and_inside(|_| ok("public")).await;
    let resolver = Rebinding::new(&[&[OUTSIDE], &["127.0.0.1"]]);
    let fetcher = fetcher(resolver.clone());
    let url = format!("http://rebinding.example:{}/", outside.port());
    assert_eq!(fetch(&fetcher, &url).await.unwrap(), "public");
    assert_eq!(
        resolver.asked.load(Ordering::SeqCst),
        1,
        "what was judged is what is connected to"
    );
    let error = fetch(&fetcher, &url).await.unwrap_err();
    assert!(matches!(error, FetchError::AddressRefused { .. }), "{error:?}");
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn s049_a_name_that_changes_between_two_redirects_gains_nothing() {
    let (outside, inside) = outside_and_inside(|_| redirect("/again")).await;
    let fetcher = fetcher(Rebinding::new(&[&[OUTSIDE], &[OUTSIDE], &["127.0.0.1"]]));
    let url = format!("http://rebinding.example:{}/", outside.port());
    let error = fetch(&fetcher, &url).await.unwrap_err();
    assert!(matches!(error, FetchError::AddressRefused { .. }), "{error:?}");
    assert_eq!((outside.connections(), inside.connections()), (2, 0));
}

#[tokio::test]
async fn s049_of_several_addresses_only_the_allowed_ones_are_tried() {
    let (outside, inside) = outside_and_inside(|_| ok("public")).await;
    let url = format!("http://mixed.example:{}/", outside.port());
    let mixed = fetcher(Rebinding::new(&[&["127.0.0.1", "::1", OUTSIDE]]));
    assert_eq!(fetch(&mixed, &url).await.unwrap(), "public");

    // Nobody answers at the allowed one.
    let port = outside.port();
    drop(outside);
    let error = fetch(&mixed, &url).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect { .. }), "{port}: {error:?}");
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn s049_private_networks_are_closed_where_the_operator_says_so() {
    let closed = Fetcher::new(Reach {
        private: "deny".parse().unwrap(),
        ..Reach::default()
    });
    for host in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "[fd12::1]",
        "167772161",
    ] {
        let error = fetch(&closed, &format!("http://{host}/")).await.expect_err(host);
        assert!(
            matches!(error, FetchError::AddressRefused { .. }),
            "{host}: {error:?}"
        );
    }
}

/// Set in the process that is given a proxy by its environment.
const PROXIED: &str = "KEYDESK_TEST_PROXIED_URL";

#[tokio::test]
async fn s049_a_proxy_of_the_environment_is_not_asked() {
    if let Ok(url) = std::env::var(PROXIED) {
        let open = reaching(vec!["127.0.0.0/8".parse().unwrap()]);
        assert_eq!(fetch(&open, &url).await.unwrap(), "public");
        return;
    }
    let (outside, proxy) = outside_and_inside(|_| ok("public")).await;
    let url = format!("http://{}/", outside.address);
    let at = format!("http://{}", proxy.address);
    let again = tokio::task::spawn_blocking(move || {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "d_ssrf::s049_a_proxy_of_the_environment_is_not_asked"]);
        command
            .env(PROXIED, url)
            .env_remove("no_proxy")
            .env_remove("NO_PROXY");
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            command.env(name, &at);
        }
        command.output().unwrap()
    })
    .await
    .unwrap();
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stdout)
    );
    assert_eq!((outside.connections(), proxy.connections()), (1, 0));
}
