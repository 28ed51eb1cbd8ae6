//! What Prometheus reads.

#![allow(clippy::float_cmp, reason = "counts are whole")]

use anyhow::{Context, Result, ensure};
use poolcounter_test_support::{Client, Deadline, PATIENCE};

use crate::scene::Scene;

/// The names that dashboards for the reference use.
const OLD: [&str; 16] = [
    "poolcounter_up",
    "poolcounter_total_processing_time_seconds",
    "poolcounter_avg_processing_time_seconds",
    "poolcounter_total_gained_time_seconds",
    "poolcounter_total_excl_wait_time_seconds",
    "poolcounter_total_shared_wait_time_seconds",
    "poolcounter_total_acquired",
    "poolcounter_total_releases",
    "poolcounter_connect_errors",
    "poolcounter_lock_mismatch",
    "poolcounter_release_mismatch",
    "poolcounter_processed_count",
    "poolcounter_hashtable_entries",
    "poolcounter_processing_workers",
    "poolcounter_waiting_workers",
    "poolcounter_full_queues",
];

fn value(metrics: &str, sample: &str) -> Result<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    Ok(line.with_context(|| format!("no {sample} in {metrics}"))?.parse()?)
}

/// A daemon with something to count.
fn busy() -> Result<(Scene, Vec<Client>)> {
    let scene = Scene::new(&["--max-clients", "500"])?;
    let mut holder = Client::connect(scene.daemon.address())?;
    assert_eq!(holder.ask("ACQ4ANY x:pcache:1 1 3 60\n")?, "LOCKED\n");
    let mut clients = scene.clients(2, "ACQ4ANY x:pcache:1 1 3 60\n", "")?;
    clients.extend(scene.clients(1, "ACQ4ANY x:pcache:1 1 3 60\n", "QUEUE_FULL\n")?);
    clients.extend(scene.clients(1, "ACQ4ME x:pcache:1 1 9 0\n", "TIMEOUT\n")?);
    clients.push(holder);
    Ok((scene, clients))
}

#[test]
fn the_figures_are_those_of_the_table() -> Result<()> {
    let (scene, clients) = busy()?;
    let metrics = scene.tcp.get("/metrics")?;
    let samples = [
        ("poolcounter_up", 1.0),
        ("poolcounter_total_acquired", 1.0),
        ("poolcounter_full_queues", 1.0),
        ("poolcounter_waiting_workers", 2.0),
        ("poolcounter_clients", 5.0),
        ("poolcounter_max_clients", 500.0),
        ("poolcounter_ready", 1.0),
        ("poolcounter_holders{group=\"pcache\"}", 1.0),
        ("poolcounter_waiters{group=\"pcache\"}", 2.0),
        ("poolcounter_keys{group=\"pcache\"}", 1.0),
        ("poolcounter_requests_total{group=\"pcache\",outcome=\"granted\"}", 1.0),
        ("poolcounter_requests_total{group=\"pcache\",outcome=\"queue_full\"}", 1.0),
        ("poolcounter_requests_total{group=\"pcache\",outcome=\"not_free\"}", 1.0),
        ("poolcounter_holds_total{group=\"pcache\",end=\"left\"}", 0.0),
        ("poolcounter_wait_seconds_count{group=\"pcache\"}", 0.0),
        ("poolcounter_oldest_contended_hold_seconds{group=\"other\"}", 0.0),
        ("poolcounter_build_info{version=\"0.2.0\"}", 1.0),
    ];
    for (sample, expected) in samples {
        ensure!(value(&metrics, sample)? == expected, "{sample} is {}, not {expected}", value(&metrics, sample)?);
    }
    ensure!(value(&metrics, "poolcounter_oldest_contended_hold_seconds{group=\"pcache\"}")? > 0.0);
    for name in
        ["process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds", "process_cpu_seconds_total"]
    {
        ensure!(value(&metrics, name)? > 0.0, "{name}");
    }
    drop(clients);
    let after = || scene.tcp.get("/metrics").ok().filter(|metrics| metrics.contains("poolcounter_clients 0\n"));
    let metrics = Deadline::after(PATIENCE).poll(after);
    let metrics = metrics.context("clients are left over")?;
    ensure!(value(&metrics, "poolcounter_wait_seconds_count{group=\"pcache\"}")? == 2.0, "{metrics}");
    ensure!(value(&metrics, "poolcounter_wait_seconds_bucket{group=\"pcache\",le=\"+Inf\"}")? == 2.0, "{metrics}");
    ensure!(value(&metrics, "poolcounter_holds_total{group=\"pcache\",end=\"left\"}")? == 1.0, "{metrics}");
    Ok(())
}

#[test]
fn the_old_names_are_there_in_both_formats() -> Result<()> {
    let scene = Scene::new(&[])?;
    let plain = scene.tcp.ask("/prometheus")?;
    ensure!(plain.header("content-type")? == "text/plain; version=0.0.4; charset=utf-8", "{plain:?}");
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text;version=1.0.0,*/*;q=0.1\r\nConnection: close\r\n\r\n";
    let open = scene.tcp.send(request)?;
    ensure!(open.header("content-type")?.starts_with("application/openmetrics-text; version=1.0.0"), "{open:?}");
    ensure!(open.body.ends_with("\n# EOF\n") && !plain.body.contains("# EOF"), "{open:?}");
    for name in OLD {
        for reply in [&plain, &open] {
            ensure!(value(&reply.body, name).is_ok(), "{name} is missing in {}", reply.body);
        }
    }
    for (body, type_of_counter) in [(&plain.body, "untyped"), (&open.body, "unknown")] {
        ensure!(body.contains(&format!("# TYPE poolcounter_total_acquired {type_of_counter}\n")), "{body}");
    }
    ensure!(open.body.contains("# TYPE poolcounter_requests counter\n"), "{open:?}");
    Ok(())
}
