//! Replaces the answers in the text of a transcript.

use std::fmt::Write;

use anyhow::{Result, ensure};

use super::parse::Line;
use super::{Event, Story};

/// The text with the answers of `story`. Everything else is unchanged.
pub fn recorded(text: &str, story: &Story) -> Result<String> {
    let mut scenes = story.scenes.iter();
    let mut recorded = String::new();
    for line in text.lines() {
        match Line::parse(line)? {
            Line::Event(_) => {}
            Line::Remark => writeln!(recorded, "{line}")?,
            Line::Step(step) => {
                let scene = scenes.next().filter(|scene| scene.step == step);
                ensure!(scene.is_some(), "the story is of another text");
                writeln!(recorded, "{line}")?;
                let events = scene.into_iter().flat_map(|scene| &scene.events);
                recorded.extend(events.map(Event::to_string));
            }
        }
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_stay_and_answers_are_replaced() {
        let text = "# A title.\n\na -> x\\n\na <- old\\n\n\n# A remark.\nb -> y\\n\n";
        let mut story = Story::parse(text).unwrap();
        story.scenes[0].events = vec![Event::Bytes("a".into(), b"one\ntwo\n".to_vec())];
        story.scenes[1].events = vec![Event::End("b".into())];
        let expected =
            "# A title.\n\na -> x\\n\na <- one\\n\na <- two\\n\n\n# A remark.\nb -> y\\n\nb <- end of stream\n";
        assert_eq!(recorded(text, &story).unwrap(), expected);
    }
}
