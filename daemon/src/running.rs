//! The settings in force, and reading them again.

use crate::command_line::Options;
use crate::config::{self, ConfigError, Settings};
use crate::server::Server;
use crate::system::log;
use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Running {
    server: Rc<Server>,
    command_line: Options,
    /// With an admin interface, figures are always counted, because a request may come at any time.
    has_admin: bool,
    settings: RefCell<Settings>,
}

/// The result of reading the settings again.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reloaded {
    /// The options whose values have changed.
    pub(crate) changed: Vec<String>,
    /// The options whose new values take effect only after a restart.
    pub(crate) needs_restart: Vec<String>,
}

/// Why the settings stay as they are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    #[error("neither --config nor --groups names a file to read again")]
    NoFile,
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Running {
    /// Puts the first settings into force.
    pub(crate) fn begin(server: &Rc<Server>, command_line: &Options, settings: Settings, has_admin: bool) -> Rc<Self> {
        let (server, command_line) = (Rc::clone(server), command_line.clone());
        let running = Self { server, command_line, has_admin, settings: RefCell::new(settings) };
        let settings = running.settings.borrow();
        running.server.set_max_clients(settings.options.max_clients);
        running.server.set_idle_timeout(settings.options.idle_timeout);
        running.count_and_watch(&settings);
        running.set_record_buffer(&settings);
        drop(settings);
        Rc::new(running)
    }

    /// The names by which browsers may ask for the admin interface.
    pub(crate) fn admin_names(&self) -> Ref<'_, [String]> {
        Ref::map(self.settings.borrow(), |settings| &*settings.options.admin_names)
    }

    /// How long SIGTERM waits for the clients to finish.
    pub(crate) fn drain_on_stop(&self) -> Option<Duration> {
        self.settings.borrow().options.drain_on_stop
    }

    /// Reads the files again. After an error, nothing has changed.
    pub(crate) fn reload(&self) -> Result<Reloaded, ReloadError> {
        if self.command_line.config.is_none() && self.command_line.groups.is_none() {
            return Err(ReloadError::NoFile);
        }
        let mut new = config::read(&self.command_line)?;
        let mut old = self.settings.borrow_mut();
        let mut reloaded = Reloaded::default();
        let (was, is) = (&old.options, &mut new.options);
        for (word, differs) in [
            ("listen", was.listen != is.listen),
            ("unix-mode", was.unix_mode != is.unix_mode),
            ("admin", was.admin != is.admin),
        ] {
            reloaded.needs_restart.extend(differs.then(|| word.to_owned()));
        }
        is.listen.clone_from(&was.listen);
        is.unix_mode = was.unix_mode;
        is.admin.clone_from(&was.admin);
        let mut changed = |word: &str, differs: bool| {
            reloaded.changed.extend(differs.then(|| word.to_owned()));
            differs
        };
        if changed("max-clients", was.max_clients != is.max_clients) {
            self.server.set_max_clients(is.max_clients);
        }
        if changed("idle-timeout", was.idle_timeout != is.idle_timeout) {
            self.server.set_idle_timeout(is.idle_timeout);
        }
        changed("admin-name", was.admin_names != is.admin_names);
        if changed("log-level", was.log_level != is.log_level) {
            log::set_level(is.log_level);
        }
        changed("warn-held", was.hold_limits.warn != is.hold_limits.warn);
        changed("max-hold", was.hold_limits.max != is.hold_limits.max);
        changed("drain-on-stop", was.drain_on_stop != is.drain_on_stop);
        let buffer = changed("record-buffer", was.record_buffer != is.record_buffer);
        changed("groups", old.groups != new.groups || old.policies.by_group != new.policies.by_group);
        if old.groups != new.groups || old.policies != new.policies {
            self.count_and_watch(&new);
        }
        if buffer {
            self.set_record_buffer(&new);
        }
        *old = new;
        Ok(reloaded)
    }

    /// Only the admin interface gives out what is recorded.
    fn set_record_buffer(&self, settings: &Settings) {
        self.server.set_record_buffer(settings.options.record_buffer.filter(|_| self.has_admin));
    }

    /// Counts by the rules for groups, and watches holders by their limits.
    fn count_and_watch(&self, settings: &Settings) {
        // Without figures, a key has no group.
        if self.has_admin || !settings.policies.by_group.is_empty() {
            self.server.observe(settings.groups.clone());
        }
        self.server.watch_holds(settings.policies.clone());
    }
}
