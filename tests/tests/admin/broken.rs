//! Clients of the admin interface that are slow, broken, many or hostile. The daemon's own clients are served all the while.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{AdminSocket, Client, Deadline, PATIENCE};

use crate::scene::Scene;

/// The daemon's timers for heads of requests and for answers that nobody takes; a machine may take twice as long.
const TIMER: Duration = Duration::from_secs(10);

fn served(scene: &Scene) -> Result<()> {
    let mut client = Client::connect(scene.daemon.address())?;
    assert_eq!(client.ask("ACQ4ME mine 1 1 1\n")?, "LOCKED\n");
    assert_eq!(client.ask("RELEASE\n")?, "RELEASED\n");
    Ok(())
}

/// Waits until the other side ends the connection: what it sent before, and when it ended.
fn end(socket: &mut AdminSocket, since: Instant) -> Result<(String, Duration)> {
    socket.set_patience(2 * TIMER)?;
    let mut came = Vec::new();
    match socket.read_to_end(&mut came) {
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error).context("it does not end"),
        _ => Ok((String::from_utf8_lossy(&came).into_owned(), since.elapsed())),
    }
}

#[test]
fn who_is_slow_is_ended() -> Result<()> {
    let scene = Scene::new(&[])?;
    let start = Instant::now();
    let mut silent = scene.tcp.connect()?;
    let mut half = scene.unix.connect()?;
    half.write_all(b"GET /v1/status HTTP/1.1\r\nHost: ")?;
    let mut idle = scene.unix.connect()?;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")?;
    idle.read_until("ok\n")?;
    let mut no_body = scene.unix.connect()?;
    no_body.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")?;
    no_body.read_until("ok\n")?;
    for socket in [&mut silent, &mut half, &mut idle, &mut no_body] {
        let (came, after) = end(socket, start)?;
        ensure!(came.is_empty() || came.contains("408"), "it said {came:?}");
        ensure!(after < 2 * TIMER, "it ended after {after:?}");
        served(&scene)?;
    }
    ensure!(start.elapsed() >= Duration::from_secs(9), "after {:?} all were ended", start.elapsed());
    Ok(())
}

/// One byte of the head each second: the deadline is for all of it.
#[test]
fn a_head_that_drips_is_ended() -> Result<()> {
    let scene = Scene::new(&[])?;
    let (start, mut dripping) = (Instant::now(), scene.tcp.connect()?);
    dripping.write_all(b"GET / HTTP/1.1\r\nx: ")?;
    while dripping.write_all(b"x").is_ok() {
        ensure!(start.elapsed() < 2 * TIMER, "it is still served after {:?}", start.elapsed());
        served(&scene)?;
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(())
}

#[test]
fn who_takes_no_answers_is_ended() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut greedy = scene.tcp.connect()?;
    greedy.set_patience(Duration::from_millis(500))?;
    let request = b"GET /page/vendor/uPlot.esm.js HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let start = Instant::now();
    // Until both sides' sockets are full.
    while greedy.write_all(request).is_ok() {
        ensure!(start.elapsed() < PATIENCE, "it takes requests for ever");
    }
    served(&scene)?;
    let gone = || {
        let connections = scene.unix.get("/metrics").ok()?;
        connections.contains("\npoolcounter_admin_connections 1\n").then_some(())
    };
    Deadline::after(2 * TIMER).poll(gone).context("who takes no answers is still there")?;
    ensure!(start.elapsed() >= Duration::from_secs(9), "it was ended after {:?}", start.elapsed());
    Ok(())
}

#[test]
fn requests_of_any_size_and_kind_harm_nobody() -> Result<()> {
    let scene = Scene::new(&[])?;
    let long = "x".repeat(100_000);
    let get = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n")
    };
    let many: String = (0..500).map(|number| format!("x-{number}: y\r\n")).collect::<Vec<_>>().concat();
    let cases = [
        (get("/v1/status", &format!("x: {long}\r\n")), 431),
        (get(&format!("/{long}"), ""), 431),
        (get("/v1/status", &many), 431),
        (get("/v1/status", "Content-Length: 4097\r\n"), 413),
        (get("/v1/status", "Content-Length: 99999999999999999999\r\n"), 400),
        (get("/v1/status", "Transfer-Encoding: chunked\r\n"), 413),
        (get("/v1/status", "Content-Length: 3\r\n") + "abc", 200),
        (get("/v1/keys/%zz", ""), 400),
        (get(&format!("/v1/keys/{}", "%2541".repeat(1_000)), ""), 404),
        (get("/v1/keys?cursor=9.9.%FF&sort=held", ""), 400),
        (get("/v1/keys?%00=%00", ""), 400),
        ("\0\u{7f}\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("ACQ4ME key 1 1 1\n\n".to_owned(), 400),
    ];
    for (request, status) in cases {
        for admin in [&scene.tcp, &scene.unix] {
            let reply = admin.send(&request).with_context(|| request.chars().take(80).collect::<String>())?;
            ensure!(reply.status == status, "{:?}: {reply:?}", &request[..request.len().min(80)]);
            served(&scene)?;
        }
    }
    // Bytes of a TLS client, and then nothing that could be an answer to it.
    let mut tls = scene.tcp.connect()?;
    tls.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")?;
    let (came, _) = end(&mut tls, Instant::now())?;
    ensure!(came.is_empty() || came.starts_with("HTTP/1.1 400"), "{came:?}");
    served(&scene)
}

#[test]
fn there_are_64_connections_and_no_more() -> Result<()> {
    let scene = Scene::new(&["--max-clients", "1"])?;
    let mut sockets: Vec<AdminSocket> = (0..64).map(|_| scene.tcp.connect()).collect::<Result<_>>()?;
    let ask = |socket: &mut AdminSocket| {
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")?;
        socket.read_until("ok\n")
    };
    sockets.iter_mut().try_for_each(|socket| ask(socket).map(drop))?;
    for admin in [&scene.tcp, &scene.unix] {
        let (came, _) = end(&mut admin.connect()?, Instant::now())?;
        ensure!(
            came.starts_with("HTTP/1.1 503 ")
                && came.ends_with("{\"error\":\"There are too many admin connections now.\"}"),
            "{came:?}"
        );
    }
    // They are outside --max-clients, and the first of them are still served.
    served(&scene)?;
    sockets.iter_mut().try_for_each(|socket| ask(socket).map(drop))?;
    sockets.truncate(10);
    let again = || scene.unix.get("/healthz").ok();
    Deadline::after(PATIENCE).poll(again).context("there is no room again")?;
    Ok(())
}

#[test]
fn many_requests_on_one_connection_are_answered_in_turn() -> Result<()> {
    let scene = Scene::new(&[])?;
    let mut socket = scene.unix.connect()?;
    let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    socket.write_all(request.repeat(50).as_bytes())?;
    socket.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    let came = String::from_utf8(socket.read_whole()?)?;
    ensure!(came.matches("\r\n\r\nok\n").count() == 50 && came.ends_with("ready\n"), "{came}");
    served(&scene)
}
