use super::actions::HELP;
use super::grid::{Emphasis, Grid};
use super::servers::Servers;
use super::tables;
use super::view::View;
use crate::commands::keys::Window;
use crate::output::{Column, shortened};
use ratatui_core::layout::{Constraint, Layout, Rect};
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::terminal::Frame;
use ratatui_core::text::{Line, Text};
use ratatui_widgets::paragraph::Paragraph;
use ratatui_widgets::table::{Row, Table};

/// From so many columns on, keys have their group beside them.
const WIDE: u16 = 120;

/// What the flexible column keeps at the least.
const NARROWEST: usize = 12;

const FOOTER: &str = "q quit  p pause  s sort  w window  g group  a all groups  h help";

/// Draws everything. The terminal's own colours are kept, dark or light: a state has weight, and red in addition.
pub(super) fn draw(frame: &mut Frame<'_>, servers: &Servers, view: &mut View) {
    let area = frame.area();
    let (first, groups) = (tables::servers(servers), tables::groups(servers, view));
    let keys = tables::keys(servers, view, area.width >= WIDE);
    view.scrolled = view.scrolled.min(keys.rows.len().saturating_sub(1));
    let [a_third, a_half] = [area.height / 3, area.height / 2];
    let servers_height = height(&first).min(a_third.max(3));
    let groups_height = height(&groups).min(a_half.saturating_sub(servers_height).max(3));
    let line = Constraint::Length(1);
    let parts = [
        line,
        Constraint::Length(servers_height),
        line,
        Constraint::Length(groups_height),
        line,
        Constraint::Min(0),
        line,
    ];
    let [title, at_servers, _, at_groups, _, at_keys, footer] = Layout::vertical(parts).areas(area);
    frame.render_widget(Line::styled(heading(servers, view), Modifier::BOLD), title);
    if view.help {
        let body = Rect { y: title.bottom(), height: footer.y.saturating_sub(title.bottom()), ..area };
        frame.render_widget(help(), body);
    } else {
        table(frame, &first, 0, at_servers);
        table(frame, &groups, 0, at_groups);
        table(frame, &keys, view.scrolled, at_keys);
    }
    frame.render_widget(Line::raw(FOOTER), footer);
}

/// With the line of the headings.
fn height(grid: &Grid) -> u16 {
    u16::try_from(1 + grid.rows.len() + grid.notes.len()).unwrap_or(u16::MAX)
}

fn heading(servers: &Servers, view: &View) -> String {
    let question = &view.question;
    let window = match question.window {
        _ if !question.sort.is_counted() => "",
        Window::Minute => " of the last minute",
        Window::Hour => " of the last hour",
    };
    let answering = servers.answering().count();
    format!(
        "poolcounterctl top: {answering} of {} servers, keys by {}{window}, group {}{}",
        servers.all().len(),
        question.sort.name(),
        question.group.as_deref().unwrap_or("any"),
        if view.paused { ", PAUSED" } else { "" },
    )
}

fn help() -> Paragraph<'static> {
    let mut lines = vec![Line::raw("")];
    lines.extend(HELP.iter().map(|(key, words)| Line::raw(format!("  {key:<16}{words}"))));
    Paragraph::new(Text::from(lines))
}

fn table(frame: &mut Frame<'_>, grid: &Grid, scrolled: usize, area: Rect) {
    let width = |at: usize| grid.width(at);
    let others: usize = (0..grid.columns.len()).filter(|at| *at != grid.flexible).map(|at| width(at) + 1).sum();
    let room = usize::from(area.width).saturating_sub(others).max(NARROWEST);
    let flexible = width(grid.flexible).min(room);
    let widths = (0..grid.columns.len()).map(|at| if at == grid.flexible { flexible } else { width(at) });
    let cell = |at: usize, text: &str| {
        let text = if at == grid.flexible { shortened(text, flexible) } else { text.to_owned() };
        match grid.columns.get(at) {
            Some(Column::Right(_)) => Text::raw(text).right_aligned(),
            _ => Text::raw(text),
        }
    };
    let headings = grid.columns.iter().enumerate().map(|(at, column)| cell(at, column.heading()));
    let rows = grid.rows.iter().skip(scrolled).take(usize::from(area.height)).map(|(emphasis, cells)| {
        Row::new(cells.iter().enumerate().map(|(at, text)| cell(at, text)).collect::<Vec<_>>()).style(style(*emphasis))
    });
    let widths = widths.map(|width| Constraint::Length(u16::try_from(width).unwrap_or(u16::MAX)));
    let table = Table::new(rows, widths)
        .header(Row::new(headings.collect::<Vec<_>>()).style(Modifier::REVERSED))
        .column_spacing(1);
    frame.render_widget(table, area);
    let notes = Text::from_iter(grid.notes.iter().map(|note| Line::styled(note.clone(), style(Emphasis::Bad))));
    let below = u16::try_from(1 + grid.rows.len()).unwrap_or(u16::MAX).min(area.height);
    frame.render_widget(Paragraph::new(notes), Rect { y: area.y + below, height: area.height - below, ..area });
}

fn style(emphasis: Emphasis) -> Style {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    match emphasis {
        Emphasis::Plain => Style::new(),
        Emphasis::Contended => bold,
        Emphasis::Bad if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => bold,
        Emphasis::Bad => bold.fg(Color::Red),
    }
}
