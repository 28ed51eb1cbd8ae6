//! What is asked of the admin interface: any path and any parameters are refused with a sentence, or mean something that can be said again.

// The daemon is a program and no library. This file knows nobody else in it, so it is included, and nothing of the daemon becomes public.
#[allow(dead_code, reason = "the daemon uses more of it")]
#[path = "../../daemon/src/admin/request.rs"]
mod request;

use poolcounter::key::KeyText;
use request::{List, Misunderstood, Order, Route};
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// The bytes are the target of a request, as UTF-8.
pub fn check(data: &[u8]) {
    let target = String::from_utf8_lossy(data);
    let (path, query) = target.split_once('?').map_or((&*target, None), |(path, query)| (path, Some(query)));
    match Route::parse(path, query) {
        Err(Misunderstood::Key(sentence) | Misunderstood::Parameter(sentence)) => {
            assert!(sentence.starts_with("The") && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
        Ok(Route::Clients(list)) => check_list(&list),
        Ok(Route::Key { key, list }) => {
            check_list(&list);
            // The page and other programs ask so.
            let path = format!("/v1/keys/{}", encoded(&KeyText(&key).to_string()));
            assert!(matches!(Route::parse(&path, None), Ok(Route::Key { key: again, .. }) if again == key));
        }
        Ok(Route::Keys(keys)) => {
            assert!((1..=1_000).contains(&keys.limit));
            match keys.order {
                Order::Waiting(Some(rank)) | Order::Held(Some(rank)) => check_cursor(&rank),
                // The daemon counts on from it.
                Order::Top(_, _, skip) => assert!(skip <= 1_000),
                Order::Waiting(None) | Order::Held(None) => {}
            }
        }
        Ok(Route::Events { group: Some(group) }) => assert!(!group.is_empty() && group.len() <= 64),
        Ok(Route::Page(page)) => assert_eq!(page, path),
        Ok(_) => {}
    }
}

fn check_list<R: FromStr + Display + PartialEq + Debug>(list: &List<R>) {
    assert!((1..=1_000).contains(&list.limit));
    if let Some(after) = &list.after {
        check_cursor(after);
    }
}

fn check_cursor<R: FromStr + Display + PartialEq + Debug>(cursor: &R) {
    assert_eq!(cursor.to_string().parse().ok().as_ref(), Some(cursor));
}

/// Percent-encoded for a part of a URL.
fn encoded(text: &str) -> String {
    text.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).map(char::from).collect()
}
