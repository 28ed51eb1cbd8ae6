//! Whose requests are answered: no page of another site may read the answers by way of a browser.

use anyhow::{Result, ensure};

use crate::scene::Scene;

fn status(scene: &Scene, unix: bool, path: &str, head: &str) -> Result<u16> {
    let admin = if unix { &scene.unix } else { &scene.tcp };
    Ok(admin.send(&format!("GET {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n"))?.status)
}

#[test]
fn over_tcp_a_name_must_be_known() -> Result<()> {
    let scene = Scene::new(&["--admin-name", "Pool.Example"])?;
    let known =
        ["127.0.0.1", "127.0.0.1:7532", "[::1]:7532", "localhost", "LOCALHOST:1", "pool.example", "POOL.example:7532"];
    for host in known {
        assert_eq!(status(&scene, false, "/v1/keys", &format!("Host: {host}\r\n"))?, 200, "{host}");
    }
    let strange = ["evil.example", "localhost.evil.example", "pool.example.evil.example", "127.0.0.1.evil.example", ""];
    for host in strange {
        for path in ["/", "/v1/status", "/v1/keys", "/v1/events", "/page/js/main.js", "/nothing"] {
            assert_eq!(status(&scene, false, path, &format!("Host: {host}\r\n"))?, 403, "{host} {path}");
        }
        for path in ["/metrics", "/prometheus", "/healthz", "/readyz"] {
            assert_eq!(status(&scene, false, path, &format!("Host: {host}\r\n"))?, 200, "{host} {path}");
        }
        // A page reaches no Unix socket.
        assert_eq!(status(&scene, true, "/v1/status", &format!("Host: {host}\r\n"))?, 200, "{host}");
    }
    assert_eq!(status(&scene, false, "/v1/status", "")?, 403);
    assert_eq!(status(&scene, false, "/v1/status", "Host: localhost\r\nHost: evil.example\r\n")?, 403);
    assert_eq!(status(&scene, false, "http://evil.example/v1/status", "Host: localhost\r\n")?, 403);
    Ok(())
}

#[test]
fn nothing_is_changed_by_other_methods() -> Result<()> {
    let scene = Scene::new(&[])?;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
        for admin in [&scene.tcp, &scene.unix] {
            let reply =
                admin.send(&format!("{method} /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))?;
            ensure!(reply.status == 405 && reply.header("allow")? == "GET, HEAD", "{method}: {reply:?}");
            ensure!(!reply.headers.keys().any(|name| name.starts_with("access-control")), "{reply:?}");
        }
    }
    Ok(())
}
