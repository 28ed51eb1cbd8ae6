use crate::admin::{AdminAddress, AdminOptions, End, Event, encoded, follow, in_plain_text};
use crate::failure::{Exit, Failure};
use crate::output::{age, complain, print, print_json};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// A stream that has lived for so long is begun again when it breaks; a server that ends each one at once is not asked again and again.
const LIVED: Duration = Duration::from_secs(1);

/// Print what happens to keys, as it happens: one line for each event
///
/// If a stream breaks, as in an upgrade of the server, it is begun again once. If the server does not answer then, the status is 69.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print only events of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// End after this many events of each server
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    admin: AdminOptions,
}

/// Ends when all streams have ended.
pub(crate) async fn run(options: &Options) -> Result<Exit, Failure> {
    let Options { group, count, admin } = options;
    let group = group.as_ref().map(|group| format!("?group={}", encoded(group))).unwrap_or_default();
    let path = format!("/v1/events{group}");
    let several = admin.servers.len() > 1;
    let printed = RefCell::new(Ok(()));
    let one = async |server: &AdminAddress| {
        let left = Cell::new(count.unwrap_or(u64::MAX));
        let tell = |event: Event| {
            let shown =
                if admin.json { print_json(&object(server, &event)) } else { print(&line(several, server, &event)) };
            left.set(left.get().saturating_sub(1));
            let goes_on = shown.is_ok() && left.get() > 0;
            if shown.is_err() {
                *printed.borrow_mut() = shown;
            }
            goes_on
        };
        loop {
            let begun = Instant::now();
            let error = match follow(server, &path, admin.within(), &tell).await {
                Ok(End::Enough | End::Complete) => return Exit::Done,
                Ok(End::Broken(why)) if begun.elapsed() >= LIVED => {
                    complain(format!("{why}; events are lost until it is connected again"));
                    continue;
                }
                Ok(End::Broken(why)) | Err(why) => why,
            };
            complain(&error);
            return error.exit();
        }
    };
    let exits = join_all(admin.servers.iter().map(one)).await;
    printed.into_inner()?;
    Ok(exits.into_iter().max().unwrap_or(Exit::Done))
}

fn data(event: &Event) -> Value {
    serde_json::from_str(&event.data).unwrap_or_else(|_| Value::from(event.data.as_str()))
}

fn object(server: &AdminAddress, event: &Event) -> Value {
    json!({ "server": server.to_string(), "event": event.name, "data": data(event) })
}

/// `2026-11-27T05:00:00.123Z granted pcache enwiki:pcache:1 client=12 mode=any`.
fn line(several: bool, server: &AdminAddress, event: &Event) -> String {
    let data = in_plain_text(data(event));
    let text = |name: &str| match data.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => None,
        Some(value) if name == "seconds" => Some(value.as_f64().map_or_else(|| value.to_string(), age)),
        Some(value) => Some(value.to_string()),
    };
    let mut line = if several { format!("{server} ") } else { String::new() };
    line += &[text("at"), Some(event.name.clone()), text("group"), text("key")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    for name in ["client", "mode", "end", "reason", "seconds", "lost"] {
        if let Some(value) = text(name) {
            // Writing to a string cannot fail.
            let _ = write!(line, " {name}={value}");
        }
    }
    line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line() {
        let server = "127.0.0.1:80".parse().unwrap();
        let data =
            r#"{"at":"2026-11-27T05:00:00Z","key":"a:b","group":"other","client":12,"end":"granted","seconds":1.25}"#;
        let event = Event { name: "wait_ended".to_owned(), data: data.to_owned() };
        let line = super::line(true, &server, &event);
        assert_eq!(line, "127.0.0.1:80 2026-11-27T05:00:00Z wait_ended other a:b client=12 end=granted seconds=1.2s\n");
        let lost = Event { name: "lost".to_owned(), data: r#"{"lost":3}"#.to_owned() };
        assert_eq!(super::line(false, &server, &lost), "lost lost=3\n");
    }
}
