use super::survey;
use crate::admin::list::ListText;
use crate::admin::moment::{Moment, seconds};
use crate::admin::response::Answer;
use crate::admin::shared::Admin;
use poolcounter::figures::{Histogram, Outcomes};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    keys: u64,
    holders: u64,
    waiters: u64,
    oldest_contended_hold_seconds: Option<f64>,
    #[serde(serialize_with = "by_name")]
    outcomes: &'a Outcomes,
    wait_seconds: Times,
    hold_seconds: Times,
}

#[derive(Serialize)]
struct Times {
    count: u64,
    sum: f64,
    buckets: Vec<(f64, u64)>,
}

/// What was counted for each group of keys.
pub(in crate::admin) async fn groups(admin: &Admin) -> Answer {
    let mut work = admin.slices.work("/v1/groups");
    let groups = survey::groups(admin, &mut work).await;
    let moment = Moment::now();
    let mut list = ListText::new("{\"groups\":[");
    let add = |list: &mut ListText, survey::Group { name, figures, oldest_contended }: &survey::Group| {
        list.push(&Group {
            name,
            keys: figures.gauges.keys,
            holders: figures.gauges.holders,
            waiters: figures.gauges.waiters,
            oldest_contended_hold_seconds: oldest_contended.map(|since| moment.age(since)),
            outcomes: &figures.outcomes,
            wait_seconds: (&figures.waits).into(),
            hold_seconds: (&figures.holds).into(),
        });
    };
    list.fill(&mut work, &groups, add).await;
    list.finish_whole()
}

fn by_name<S: Serializer>(outcomes: &Outcomes, to: S) -> Result<S::Ok, S::Error> {
    let listed = outcomes.listed();
    let mut map = to.serialize_map(Some(listed.len()))?;
    for (name, count) in listed {
        map.serialize_entry(name, &count)?;
    }
    map.end()
}

impl From<&Histogram> for Times {
    fn from(histogram: &Histogram) -> Self {
        Self {
            count: histogram.count(),
            sum: seconds(histogram.sum_micros()),
            buckets: histogram.cumulative().map(|(bound, count)| (seconds(bound), count)).collect(),
        }
    }
}
