//! The text for LocalSettings.php.

use crate::Setting;
use crate::setting::Mode;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;
use serde::Serialize;

/// The client of the daemon that a wiki uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Client {
    /// This project's extension.
    Native,
    /// MediaWiki's own class.
    MediaWiki,
    /// The same class, from the extension `PoolCounter`.
    OldExtension,
}

impl Client {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Native, Self::MediaWiki, Self::OldExtension];

    /// Its name in the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::MediaWiki => "mediaWiki",
            Self::OldExtension => "oldExtension",
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Native => "PoolCounterNative",
            Self::MediaWiki => "PoolCounter_Client, MediaWiki 1.40 and later",
            Self::OldExtension => "PoolCounter_Client, MediaWiki up to 1.39",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Native => "PoolCounterNative",
            Self::MediaWiki | Self::OldExtension => "PoolCounter_Client",
        }
    }

    /// What stands before the entries: the extension, and the servers.
    pub(crate) fn head(self) -> String {
        let load = self.extension().map_or_else(String::new, |name| format!("wfLoadExtension( '{name}' );\n"));
        load + SERVERS
    }

    /// The client of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.name() == name)
    }

    const fn extension(self) -> Option<&'static str> {
        match self {
            Self::Native => Some("PoolCounterNative"),
            Self::MediaWiki => None,
            Self::OldExtension => Some("PoolCounter"),
        }
    }
}

const SERVERS: &str = "\
// The daemons of all pools. Several daemons: the same list on every web server.
$wgPoolCountClientConf = [ 'servers' => [ '127.0.0.1' ], 'timeout' => 0.1 ];
";

impl Setting {
    /// The text for LocalSettings.php, for a wiki that uses this client.
    #[must_use]
    pub fn conf(&self, client: Client) -> String {
        let (pool, remark) = match self.mode {
            Mode::None => return "// No pool: $wgPoolCounterConf has no such entry.\n".to_string(),
            Mode::ForAnyone => ("ArticleView", ""),
            Mode::ForMe => {
                ("ApiParser", "// The code that uses a pool asks for me or for anyone; ApiParser asks for me.\n")
            }
        };
        let entry = Entry {
            workers: self.workers,
            maxqueue: self.maxqueue,
            timeout: self.timeout,
            slots: self.slots,
            fast_stale: self.fast_stale && self.mode == Mode::ForAnyone,
        };
        client.head() + remark + &entry.of(pool, client)
    }
}

/// An entry of `$wgPoolCounterConf`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) workers: u32,
    pub(crate) maxqueue: u32,
    pub(crate) timeout: u32,
    pub(crate) slots: u32,
    pub(crate) fast_stale: bool,
}

impl Entry {
    /// The entry of this pool type.
    pub(crate) fn of(&self, pool: &str, client: Client) -> String {
        let Self { workers, maxqueue, timeout, slots, fast_stale } = self;
        let class = client.class();
        let mut text = format!("$wgPoolCounterConf['{pool}'] = [\n\t'class' => '{class}',\n");
        // Writing to a string cannot fail.
        let _ = write!(text, "\t'timeout' => {timeout},\n\t'workers' => {workers},\n\t'maxqueue' => {maxqueue},\n");
        if *slots > 0 {
            let _ = writeln!(text, "\t'slots' => {slots},");
        }
        if *fast_stale {
            text += "\t'fastStale' => true,\n";
        }
        text + "];\n"
    }
}
