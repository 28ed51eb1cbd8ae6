use crate::admin::list::ListText;
use crate::admin::moment::Moment;
use crate::admin::response::Answer;
use crate::admin::shared::Admin;
use crate::admin::slices::Budget;
use poolcounter::figures::{STEP_SECS, Step};
use poolcounter::key::GroupId;
use serde::Serialize;

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    holders: Vec<Option<u32>>,
    waiters: Vec<Option<u32>>,
    granted: Vec<Option<u32>>,
    done: Vec<Option<u32>>,
    refused: Vec<Option<u32>>,
    timed_out: Vec<Option<u32>>,
}

/// The last ten minutes of each group.
pub(in crate::admin) async fn history(admin: &Admin) -> Answer {
    let mut work = admin.slices.work("/v1/history");
    // All of one moment, which takes some microseconds for each group.
    let copy = |_: &mut Budget| {
        admin.server.view(|view| {
            let figures = view.table.figures()?;
            let end = figures.history(GroupId::OTHER).end();
            let group = |(id, name, _): (GroupId, &str, _)| (name.to_owned(), figures.history(id).steps().collect());
            let groups: Vec<(String, Vec<Option<Step>>)> = figures.groups().map(group).collect();
            Some((end, groups))
        })
    };
    let copied = work.slice(copy).await;
    let moment = Moment::now();
    let (end, groups) = copied.unwrap_or_else(|| (moment.now, Vec::new()));
    let mut list =
        ListText::new(format!("{{\"step_seconds\":{STEP_SECS},\"end\":\"{}\",\"groups\":[", moment.calendar(end)));
    let add = |list: &mut ListText, (name, steps): &(String, Vec<Option<Step>>)| {
        let all = |figure: fn(&Step) -> u32| steps.iter().map(|step| step.as_ref().map(figure)).collect();
        list.push(&Group {
            name,
            holders: all(|step| step.holders),
            waiters: all(|step| step.waiters),
            granted: all(|step| step.granted),
            done: all(|step| step.done),
            refused: all(|step| step.refused),
            timed_out: all(|step| step.timed_out),
        });
    };
    list.fill(&mut work, &groups, add).await;
    list.finish_whole()
}
