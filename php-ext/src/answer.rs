//! The enum `PoolCounter\Result`.

use ext_php_rs::builders::EnumBuilder;
use ext_php_rs::class::RegisteredClass;
use ext_php_rs::enum_::RegisteredEnum;
use ext_php_rs::error::Result;
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::php_enum;

/// The result of a call, with MediaWiki's numbers.
#[php_enum]
#[php(name = "PoolCounter\\Result", change_cases_case = "UPPER_CASE")]
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// The lock is held: do the work.
    #[php(value = 1)]
    Locked,
    /// The release succeeded.
    #[php(value = 2)]
    Released,
    /// Somebody else did the work.
    #[php(value = 3)]
    Done,
    /// There was no lock to release.
    #[php(value = -2)]
    NotLocked,
    /// Too many hold the key or wait for it.
    #[php(value = -3)]
    QueueFull,
    /// The wait was too long.
    #[php(value = -4)]
    Timeout,
    /// The shared connection has four locks already.
    #[php(value = -5)]
    LockHeld,
}

/// Makes the enum.
pub(crate) fn register() -> Result<()> {
    Answer::CASES
        .iter()
        .fold(EnumBuilder::new(Answer::CLASS_NAME), EnumBuilder::case)
        .registration(|class, parameters| {
            // As every enum that is written in PHP; ext-php-rs leaves it out.
            class.ce_flags |= ClassFlags::Final.bits();
            Answer::get_metadata().set_ce(class);
            Answer::get_metadata().set_arg_info(parameters);
        })
        .register()
}
