//! A PHP process that plays sections.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::plan::{Clients, Figures, Scene};
use crate::binaries;
use crate::daemon::Daemon;
use crate::options::PhpOptions;
use crate::partner::Partner;

/// The last packets of a slice may still be on their way to the daemon.
const SETTLE: Duration = Duration::from_millis(5);

/// What sections are played with.
pub(crate) struct Software {
    pub(crate) php: PathBuf,
    pub(crate) extension: PathBuf,
    /// MediaWiki 1.43's folder.
    pub(crate) mediawiki: Option<PathBuf>,
}

impl Software {
    /// Finds everything, or says what is missing.
    pub(crate) fn find(options: &PhpOptions) -> Result<Software> {
        let php = options.php.clone().unwrap_or_else(|| "php".into());
        let version = Command::new(&php).arg("-v").stdout(Stdio::null()).status();
        version.with_context(|| format!("cannot run `{}` (package php-cli); name PHP with --php", php.display()))?;
        let extension = binaries::extension(options.extension.as_deref())?;
        let mediawiki = binaries::workspace().join("build/wiki/mediawiki-1.43");
        let mediawiki = mediawiki.join("maintenance/run.php").is_file().then_some(mediawiki);
        let software = Software { php, extension, mediawiki };
        software.try_out()?;
        Ok(software)
    }

    fn try_out(&self) -> Result<()> {
        let mut command = Command::new(&self.php);
        command.args(self.settings()).args(["-r", r"exit( class_exists( 'PoolCounter\Client' ) ? 0 : 1 );"]);
        if !command.stdin(Stdio::null()).stdout(Stdio::null()).status()?.success() {
            bail!("`{}` does not load {}", self.php.display(), self.extension.display());
        }
        Ok(())
    }

    /// PHP as a wiki has it: with its opcode cache, and with the extension.
    fn settings(&self) -> [String; 6] {
        let extension = format!("extension={}", self.extension.display());
        ["-d", "opcache.enable_cli=1", "-d", "display_errors=stderr", "-d", &extension].map(str::to_owned)
    }

    /// Completes a command line that begins with PHP.
    pub(crate) fn play(&self, command: &mut Command, scene: Scene, socket: &Path, native: bool) -> Result<()> {
        command.args(self.settings());
        let server = scene.server(socket);
        match scene.clients {
            Clients::Kept | Clients::Alone => {
                let in_php = if scene.clients == Clients::Kept { "keeping" } else { "connecting" };
                command.arg(script("clients.php")).arg(if native { "extension" } else { in_php }).arg(server);
            }
            Clients::MediaWiki => {
                let folder = self.mediawiki.as_deref().context("MediaWiki is missing")?;
                command
                    .arg(folder.join("maintenance/run.php"))
                    .arg(script("mediawiki.php"))
                    .arg(if native { "native" } else { "own" })
                    .env("MW_INSTALL_PATH", folder)
                    .env("MW_CONFIG_FILE", script("LocalSettings.php"))
                    .env("BENCH_HOST", server);
            }
        }
        Ok(())
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("php").join(name)
}

/// A running PHP process. It is killed when this is dropped.
pub(crate) struct Player {
    php: Partner,
    scene: Scene,
}

impl Player {
    pub(crate) fn start(command: &mut Command, scene: Scene) -> Result<Player> {
        Ok(Player { php: Partner::start(command).context("cannot start PHP")?, scene })
    }

    /// Has one slice played.
    pub(crate) fn slice(&mut self, daemon: &Daemon) -> Result<Figures> {
        let sections = self.scene.sections();
        let before = daemon.cpu_time()?;
        let answer = self.php.ask(&format!("{sections} {}", self.scene.pause()))?;
        thread::sleep(SETTLE);
        let spent = daemon.cpu_time()?.saturating_sub(before);
        let figures: Figures = serde_json::from_str(&answer).with_context(|| format!("PHP said {answer:?}"))?;
        Ok(Figures { daemon: spent.as_secs_f64() * 1e6 / f64::from(sections), ..figures })
    }
}
