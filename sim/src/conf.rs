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
        let Self { workers, maxqueue, timeout, slots, .. } = self;
        let load = client.extension().map_or_else(String::new, |name| format!("wfLoadExtension( '{name}' );\n"));
        let class = client.class();
        let mut text = format!("{load}{SERVERS}{remark}$wgPoolCounterConf['{pool}'] = [\n\t'class' => '{class}',\n");
        // Writing to a string cannot fail.
        let _ = write!(text, "\t'timeout' => {timeout},\n\t'workers' => {workers},\n\t'maxqueue' => {maxqueue},\n");
        if *slots > 0 {
            let _ = writeln!(text, "\t'slots' => {slots},");
        }
        if self.fast_stale && self.mode == Mode::ForAnyone {
            text += "\t'fastStale' => true,\n";
        }
        text + "];\n"
    }
}
