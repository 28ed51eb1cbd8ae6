//! The protocol: lines, commands, answers.
//!
//! ```
//! use poolcounter::protocol::{Command, Line, LineBuffer, Response};
//!
//! let mut lines = LineBuffer::new();
//! let mut read: &[u8] = b"RELEASE\nSTA";
//! let line = lines.next_line(&mut read).expect("one line is whole");
//! assert_eq!(Command::parse(line), Command::Release);
//! assert_eq!(lines.next_line(&mut read), None);
//!
//! let mut read: &[u8] = b"TS UPTIME\r\n";
//! let line = lines.next_line(&mut read).expect("the two pieces make a line");
//! assert_eq!(Command::parse(line), Command::Stats(b"UPTIME"));
//! assert_eq!(Response::Released.as_bytes(), b"RELEASED\n");
//! ```

mod command;
mod line;
mod response;

pub(crate) use command::is_key;
pub use command::{Acquire, Command, Mode};
pub use line::{Line, LineBuffer, MAX_LINE};
pub use response::Response;
