use super::actions::Action;
use super::poll::Question;
use crate::commands::keys::{Sort, Window};

/// What is to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) question: Question,
    pub(super) paused: bool,
    pub(super) help: bool,
    /// How many keys are scrolled past.
    pub(super) scrolled: usize,
}

const SORTS: [Sort; 5] = [Sort::Waiting, Sort::Held, Sort::Acquires, Sort::Refused, Sort::Waited];

impl View {
    pub(super) fn new(sort: Sort, window: Window, group: Option<String>) -> Self {
        Self { question: Question { sort, window, group }, paused: false, help: false, scrolled: 0 }
    }

    /// Does what the keyboard asks for, with these groups to choose from.
    pub(super) fn act(&mut self, action: Action, groups: &[&str]) {
        let question = &mut self.question;
        match action {
            Action::Pause => self.paused = !self.paused,
            Action::Help => self.help = !self.help,
            Action::Scroll(by) => self.scrolled = self.scrolled.saturating_add_signed(by),
            Action::NextSort => {
                let at = SORTS.iter().position(|sort| *sort == question.sort).unwrap_or_default();
                question.sort = SORTS[(at + 1) % SORTS.len()];
            }
            Action::NextWindow => {
                question.window = if question.window == Window::Minute { Window::Hour } else { Window::Minute };
            }
            Action::AllGroups => question.group = None,
            Action::NextGroup => question.group = neighbour(groups.iter(), question.group.as_deref()),
            Action::PreviousGroup => question.group = neighbour(groups.iter().rev(), question.group.as_deref()),
        }
        if !matches!(action, Action::Scroll(_) | Action::Pause | Action::Help) {
            self.scrolled = 0;
        }
    }
}

/// The one behind the chosen one; none, which means all, is behind the last one.
fn neighbour<'a>(mut groups: impl Iterator<Item = &'a &'a str>, chosen: Option<&str>) -> Option<String> {
    let next = match chosen {
        Some(chosen) => groups.by_ref().skip_while(|group| **group != chosen).nth(1),
        None => groups.next(),
    };
    next.map(|group| (*group).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_chosen_in_turn() {
        let mut view = View::new(Sort::Waiting, Window::Minute, None);
        let mut chosen = |action| {
            view.act(action, &["a", "b"]);
            view.question.group.clone()
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!([(); 3].map(|()| chosen(Action::NextGroup)), [some("a"), some("b"), None]);
        assert_eq!([(); 3].map(|()| chosen(Action::PreviousGroup)), [some("b"), some("a"), None]);
        assert_eq!([Action::NextGroup, Action::AllGroups].map(chosen), [some("a"), None]);
    }

    #[test]
    fn sorts_are_chosen_in_turn_and_begin_at_the_first_key() {
        let mut view = View::new(Sort::Refused, Window::Minute, None);
        view.act(Action::Scroll(7), &[]);
        view.act(Action::Scroll(-2), &[]);
        assert_eq!(view.scrolled, 5);
        let mut sorts = Vec::new();
        for _ in 0..5 {
            view.act(Action::NextSort, &[]);
            sorts.push(view.question.sort);
        }
        assert_eq!(sorts, [Sort::Waited, Sort::Waiting, Sort::Held, Sort::Acquires, Sort::Refused]);
        assert_eq!(view.scrolled, 0);
    }
}
