use super::address::{Address, MAX_PATH};
use super::getopt::Refusal;
use poolcounter::table::HoldLimits;
use std::ffi::OsStr;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

/// In bytes. A smaller buffer would have few pieces that can be dropped.
const SMALLEST_BUFFER: usize = 1 << 20;

/// In seconds. A client that only pauses between two requests must keep its connection.
const SHORTEST_IDLE_TIMEOUT: u32 = 10;

/// The settings of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The last `-l`.
    pub(crate) address: Option<Address>,
    /// Every `--listen`.
    pub(crate) listen: Vec<Address>,
    pub(crate) unix_mode: u32,
    pub(crate) max_clients: usize,
    /// How long a client may be idle; `None`: without limit.
    pub(crate) idle_timeout: Option<Duration>,
    /// Every `--admin`.
    pub(crate) admin: Vec<Address>,
    /// Every `--admin-name`, in small letters.
    pub(crate) admin_names: Vec<String>,
    /// The file with the groups of keys.
    pub(crate) groups: Option<PathBuf>,
    /// How long a lock may be held while others wait.
    pub(crate) hold_limits: HoldLimits,
    /// How long SIGTERM waits for the clients to finish; `None`: not at all.
    pub(crate) drain_on_stop: Option<Duration>,
    /// How many bytes of memory the latest calls are recorded into; `None`: none are.
    pub(crate) record_buffer: Option<usize>,
    pub(crate) log_level: LevelFilter,
    /// The configuration file.
    pub(crate) config: Option<PathBuf>,
    /// The long options of the command line, which the configuration file does not change.
    pub(crate) given: Vec<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: None,
            listen: Vec::new(),
            unix_mode: 0o660,
            max_clients: usize::MAX,
            idle_timeout: None,
            admin: Vec::new(),
            admin_names: Vec::new(),
            groups: None,
            hold_limits: HoldLimits::default(),
            drain_on_stop: None,
            record_buffer: None,
            log_level: LevelFilter::WARN,
            config: None,
            given: Vec::new(),
        }
    }
}

impl Options {
    /// Sets a long option. Those that may be repeated add up.
    pub(crate) fn set(&mut self, option: &str, value: &OsStr) -> Result<(), Refusal> {
        let text = value.to_str().unwrap_or_default();
        match option {
            "listen" | "admin" if Address::is_too_long(value) => {
                return Err(unfit(option, value, &format!("a path of at most {MAX_PATH} bytes")));
            }
            "listen" => self.listen.push(Address::extended(value).ok_or_else(|| not_an_address(value))?),
            "unix-mode" => {
                let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
                self.unix_mode = mode.ok_or_else(|| unfit(option, value, "permissions in octal, as 0660"))?;
            }
            "max-clients" => {
                let number = text.parse().ok().filter(|number| *number > 0);
                self.max_clients = number.ok_or_else(|| unfit(option, value, "a number of at least 1"))?;
            }
            "idle-timeout" => {
                let seconds = text.parse().ok().filter(|seconds| *seconds >= SHORTEST_IDLE_TIMEOUT);
                let wanted = format!("a number of seconds, at least {SHORTEST_IDLE_TIMEOUT}");
                let seconds: u32 = seconds.ok_or_else(|| unfit(option, value, &wanted))?;
                self.idle_timeout = Some(Duration::from_secs(seconds.into()));
            }
            "admin" => {
                let address = Address::with_port(value);
                let wanted = "ADDRESS:PORT or unix:/PATH";
                self.admin.push(address.ok_or_else(|| unfit(option, value, wanted))?);
            }
            "admin-name" => {
                let name = Some(text).filter(|name| is_host_name(name));
                let wanted = "the name of a host, without a port";
                self.admin_names.push(name.ok_or_else(|| unfit(option, value, wanted))?.to_ascii_lowercase());
            }
            "groups" => self.groups = Some(path(option, value)?),
            "config" => self.config = Some(path(option, value)?),
            "warn-held" => self.hold_limits.warn = Some(seconds(option, value)?),
            "max-hold" => self.hold_limits.max = Some(seconds(option, value)?),
            "drain-on-stop" => self.drain_on_stop = Some(seconds(option, value)?),
            "record-buffer" => {
                let bytes = size(text).filter(|bytes| *bytes >= SMALLEST_BUFFER);
                let wanted = "a size of at least 1M, as 64M or 1G";
                self.record_buffer = Some(bytes.ok_or_else(|| unfit(option, value, wanted))?);
            }
            "log-level" => {
                let levels = ["error", "warn", "info", "debug", "trace"];
                let level = levels.contains(&text).then(|| text.parse().ok()).flatten();
                self.log_level = level.ok_or_else(|| unfit(option, value, "error, warn, info, debug or trace"))?;
            }
            _ => unreachable!("--{option} is known but not handled"),
        }
        Ok(())
    }
}

fn path(option: &str, value: &OsStr) -> Result<PathBuf, Refusal> {
    let file = Some(value).filter(|file| !file.is_empty()).map(PathBuf::from);
    file.ok_or_else(|| unfit(option, value, "the path of a file"))
}

/// A span of whole seconds.
fn seconds(option: &str, value: &OsStr) -> Result<Duration, Refusal> {
    let seconds = value.to_str().and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0);
    let seconds: u32 = seconds.ok_or_else(|| unfit(option, value, "a number of seconds, at least 1"))?;
    Ok(Duration::from_secs(seconds.into()))
}

/// A number of bytes; K, M and G stand for 1024, its square and its cube.
fn size(text: &str) -> Option<usize> {
    let unit = ["K", "M", "G"].iter().position(|unit| text.ends_with(unit));
    let digits = if unit.is_some() { &text[..text.len() - 1] } else { text };
    let number: usize = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    (0..unit.map_or(0, |unit| unit + 1)).try_fold(number, |bytes, _| bytes.checked_mul(1024))
}

/// Whether a browser could send it as the name of a host. Addresses need not be named.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.len() <= 253 && text.split('.').all(is_label) && text.parse::<IpAddr>().is_err()
}

pub(super) fn not_an_address(text: &OsStr) -> Refusal {
    Refusal([b"Address `", text.as_bytes(), b"` is not valid to listen on.\n"].concat())
}

fn unfit(option: &str, value: &OsStr, wanted: &str) -> Refusal {
    let head = format!("--{option} takes {wanted}, not `");
    Refusal([head.as_bytes(), value.as_bytes(), b"`.\n"].concat())
}
