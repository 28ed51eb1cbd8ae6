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
use ratatui_widgets::table::{self as widgets, Row};

/// From so many columns on, keys have their group beside them.
const WIDE: u16 = 120;

const FOOTER: &str = "q quit  p pause  s sort  w window  g group  a all groups  h help";

/// Draws everything. The terminal's own colours are kept, dark or light: a state has weight, and red in addition.
pub(super) fn draw(frame: &mut Frame<'_>, servers: &Servers, view: &mut View) {
    let area = frame.area();
    let (first, groups) = (tables::servers(servers), tables::groups(servers, view));
    let keys = tables::keys(servers, view, area.width >= WIDE);
    view.scrolled = view.scrolled.min(keys.emphases.len().saturating_sub(1));
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

fn height(grid: &Grid) -> u16 {
    u16::try_from(grid.height()).unwrap_or(u16::MAX)
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
        "poolcounterctl top: {answering} of {} servers answer, keys by {}{window}, group {}{}",
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

fn table(frame: &mut Frame<'_>, Grid { table, emphases, notes }: &Grid, scrolled: usize, area: Rect) {
    let room = table.room(area.width.into(), 1);
    let is_key = |at: usize| table.keys == Some(at);
    let cell = |(at, text): (usize, &str)| {
        let text = if is_key(at) { shortened(text, room) } else { text.to_owned() };
        match table.columns.get(at) {
            Some(Column::Right(_)) => Text::raw(text).right_aligned(),
            _ => Text::raw(text),
        }
    };
    let row = |cells: Vec<&str>| Row::new(cells.into_iter().enumerate().map(cell).collect::<Vec<_>>());
    let headings = table.columns.iter().map(|column| column.heading()).collect();
    let rows = table.rows.iter().zip(emphases).skip(scrolled).take(area.height.into());
    let rows = rows.map(|(cells, emphasis)| row(cells.iter().map(String::as_str).collect()).style(style(*emphasis)));
    let width = |at: usize| if is_key(at) { table.width(at).min(room) } else { table.width(at) };
    let widths = (0..table.columns.len()).map(|at| Constraint::Length(u16::try_from(width(at)).unwrap_or(u16::MAX)));
    let header = row(headings).style(Modifier::REVERSED);
    frame.render_widget(widgets::Table::new(rows, widths).header(header).column_spacing(1), area);
    let notes = notes.iter().map(|note| Line::styled(note.clone(), style(Emphasis::Bad)));
    let below = u16::try_from(1 + table.rows.len()).unwrap_or(u16::MAX).min(area.height);
    let below = Rect { y: area.y + below, height: area.height - below, ..area };
    frame.render_widget(Paragraph::new(notes.collect::<Text<'_>>()), below);
}

fn style(emphasis: Emphasis) -> Style {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    match emphasis {
        Emphasis::Plain => Style::new(),
        Emphasis::Contended => bold,
        // Without its colour if NO_COLOR is set: crossterm sees to that.
        Emphasis::Bad => bold.fg(Color::Red),
    }
}
