"""The paths of the programs under test."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = ROOT / "tests" / "wiki"
UNPACKED = ROOT / "build" / "wiki"
INSTALLED = bool(os.environ.get("WIKI_INSTALLED"))
"""All parts are those of Debian's packages, and their configuration is that of the packages."""
EXTENSION = pathlib.Path("/usr/share/mediawiki/extensions/PoolCounterNative") if INSTALLED else ROOT / "mediawiki"
PHP = "php" if INSTALLED else "php8.2"
# Otherwise no file of the machine's own configuration is read.
PHP_ENVIRONMENT = {} if INSTALLED else {"PHP_INI_SCAN_DIR": ""}


class Missing(Exception):
    """A required program is missing."""


def _there(path, remedy):
    if not path.exists():
        raise Missing(f"{path} is missing: {remedy} first")
    return path


def _named(variable, default, remedy):
    return _there(pathlib.Path(os.environ.get(variable) or default), remedy)


def _target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release"


def daemon():
    """The release build of our daemon."""
    return _named("POOLCOUNTERD", _target() / "poolcounterd", "run 'cargo build --release -p poolcounterd'")


def ctl():
    """The release build of poolcounterctl."""
    return _named("POOLCOUNTERCTL", _target() / "poolcounterctl", "run 'cargo build --release -p poolcounterctl'")


def sim():
    """The release build of poolcounter-sim."""
    return _named("POOLCOUNTER_SIM", _target() / "poolcounter-sim", "run 'cargo build --release -p poolcounter_sim'")


def c_library():
    """The release build of the C library."""
    return _there(_target() / "libpoolcounter_c.so", "run 'cargo build --release -p poolcounter_c'")


def reference():
    """The reference daemon, Debian's 1.1.3."""
    return _named("POOLCOUNTER_REFERENCE", ROOT / "build" / "reference" / "poolcounterd", "run scripts/setup")


def php_extension():
    """The release build of the PHP extension."""
    built = _target() / "libpoolcounter_php.so"
    return _named("POOLCOUNTER_SO", built, "run 'cargo build --release -p poolcounter_php'")


def mediawiki(version):
    """The unpacked MediaWiki of a version such as '1.43', or the installed one, which has a single version."""
    if INSTALLED:
        return _there(pathlib.Path("/usr/share/mediawiki"), "install mediawiki")
    return _there(UNPACKED / f"mediawiki-{version}", "run tests/wiki/setup")


def server(name, program, unpacked=UNPACKED):
    """An unpacked server, and the environment that finds its libraries."""
    if INSTALLED:
        return _there(pathlib.Path("/") / program, f"install {name}"), {}
    folder = unpacked / name
    path = _there(folder / program, "run tests/wiki/setup")
    return path, {"LD_LIBRARY_PATH": str(folder / "lib")}


def php_fpm():
    """The same of php-fpm, which the tests of the PHP extension use too."""
    return server("php-fpm", f"usr/sbin/php-fpm{php_version() if INSTALLED else '8.2'}", UNPACKED.parent)


def php_version():
    """The version of the installed PHP, such as '8.2'."""
    command = [PHP, "-n", "-r", "echo PHP_MAJOR_VERSION, '.', PHP_MINOR_VERSION;"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout


def php_modules():
    """The folder of PHP's own modules."""
    command = [PHP, "-n", "-r", "echo PHP_EXTENSION_DIR;"]
    return pathlib.Path(subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout)
