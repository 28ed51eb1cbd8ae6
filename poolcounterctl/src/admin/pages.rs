use super::{AdminAddress, AskError, get};
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// The most that the server gives at a time.
const PAGE: usize = 1000;

/// The list `field` of an answer that comes in pages: its first `limit` entries, in an answer without a cursor.
///
/// `path` has its query, if only a `?`.
pub(crate) async fn pages(
    address: &AdminAddress,
    path: &str,
    field: &str,
    limit: usize,
    within: Duration,
) -> Result<Value, AskError> {
    let mut whole: Option<Value> = None;
    let mut entries = Vec::new();
    let mut cursor = String::new();
    let mut seen = HashSet::new();
    loop {
        let count = (limit - entries.len()).min(PAGE);
        let mut page = get(address, &format!("{path}&limit={count}{cursor}"), within).await?;
        let Some(Value::Array(more)) = page.get_mut(field).map(Value::take) else {
            let cause = format!("its answer has no list of {field}");
            return Err(AskError::NoAnswer { server: address.clone(), cause });
        };
        entries.extend(more);
        let next = page.get("next").and_then(Value::as_str).map(ToOwned::to_owned);
        let whole = whole.get_or_insert(page);
        match next {
            Some(next) if entries.len() < limit && !seen.insert(next.clone()) => {
                let cause = format!("its list of {field} does not end: a page comes again");
                return Err(AskError::NoAnswer { server: address.clone(), cause });
            }
            Some(next) if entries.len() < limit => cursor = format!("&cursor={}", super::encoded(&next)),
            next => {
                entries.truncate(limit);
                if let Value::Object(whole) = whole {
                    whole.insert(field.to_owned(), entries.into());
                    whole.insert("next".to_owned(), next.map_or(Value::Null, Value::from));
                }
                return Ok(whole.take());
            }
        }
    }
}
