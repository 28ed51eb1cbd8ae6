use crate::command_line::CommandLine;
use crate::failure::{Exit, Failure};
use crate::output::print_exactly;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use std::io;

/// Print the manual or completions, as they stand in the tree
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    Man,
    Bash,
    Zsh,
    Fish,
}

/// Of the manual, which is the same wherever it is made.
const DATE: &str = "2026-11-27";

/// What the options do not say of themselves.
const SECTIONS: &str = include_str!("../../man/sections.roff");

pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    match options.what {
        What::Man => manual(&mut text)?,
        What::Bash => completions(Shell::Bash, &mut text),
        What::Zsh => completions(Shell::Zsh, &mut text),
        What::Fish => completions(Shell::Fish, &mut text),
    }
    print_exactly(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// The program as a user sees it, without what only this project needs.
fn program() -> clap::Command {
    let whole = CommandLine::command();
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let program = clap::Command::new("poolcounterctl").version(env!("CARGO_PKG_VERSION")).disable_help_subcommand(true);
    program.about(whole.get_about().cloned().unwrap_or_default()).subcommands(commands)
}

fn completions(shell: Shell, text: &mut Vec<u8>) {
    clap_complete::generate(shell, &mut program(), "poolcounterctl", text);
}

/// One page: the program, each command with its options, and what is the same for all.
fn manual(text: &mut Vec<u8>) -> io::Result<()> {
    let mut program = program();
    program.build();
    let page = Man::new(program.clone()).title("POOLCOUNTERCTL").section("1").date(DATE).manual("PoolCounter");
    page.render_title(text)?;
    part(text, ".SH NAME", |part| page.render_name_section(part))?;
    text.extend_from_slice(b".SH SYNOPSIS\n\\fBpoolcounterctl\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH COMMANDS\n");
    for command in program.get_subcommands() {
        let heading = format!(".SS {}", command.get_name());
        let man = Man::new(command.clone().mut_args(hide_help));
        part(text, &heading, |part| man.render_synopsis_section(part))?;
        part(text, ".PP", |part| man.render_description_section(part))?;
        part(text, "", |part| man.render_options_section(part))?;
    }
    text.extend_from_slice(SECTIONS.as_bytes());
    Ok(())
}

/// Every command has it.
fn hide_help(argument: clap::Arg) -> clap::Arg {
    let is_help = argument.get_id() == "help";
    argument.hide(is_help)
}

/// A part below another heading than that of a page of its own, and without line breaks that change nothing.
fn part(text: &mut Vec<u8>, heading: &str, render: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut rendered = Vec::new();
    render(&mut rendered)?;
    let rendered = String::from_utf8_lossy(&rendered).replace(".br\n\n.br\n", ".sp\n");
    let begins = |line: &&str| [".SH", ".ie", ".el"].iter().any(|name| line.starts_with(name));
    let heading = Some(heading).filter(|heading| !heading.is_empty());
    let lines: Vec<&str> = heading.into_iter().chain(rendered.lines().skip_while(begins)).collect();
    text.extend_from_slice((lines.join("\n") + "\n").as_bytes());
    Ok(())
}
