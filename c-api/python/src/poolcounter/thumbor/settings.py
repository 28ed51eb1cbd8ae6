"""The settings in Thumbor's configuration, defined for `thumbor-config` and checked at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from derpconf.config import ConfigurationError  # type: ignore[import-untyped]
from thumbor.config import Config  # type: ignore[import-untyped]

from poolcounter import Client, PoolCounterError
from poolcounter.thumbor.address import Network, parse_network
from poolcounter.thumbor.keys import KEYS, Keys

_GROUP = "PoolCounter"
_MOST = 1_000_000
_LIMITS = (
    "A dictionary of workers (how many render at a time), maxqueue (how many render or wait) "
    "and timeout (seconds that one waits)"
)

Config.define("POOLCOUNTER_SERVERS", [], "The servers: host, host:port, [::1]:7531 or unix:/path.", _GROUP)
Config.define("POOLCOUNTER_CONNECT_TIMEOUT", 0.1, "Seconds that a connection to a server may take.", _GROUP)
Config.define(
    "POOLCOUNTER_TRUSTED_PROXIES",
    [],
    "Addresses and networks whose X-Forwarded-For is believed, and unix: for who connects by a Unix socket. "
    "Without any, the address of a client is the one that connects.",
    _GROUP,
)
Config.define(
    "POOLCOUNTER_KEYS",
    "default",
    "The keys of the locks: 'default', or 'wikimedia' to share limits with Thumbors that have Wikimedia's plugin.",
    _GROUP,
)
Config.define(
    "POOLCOUNTER_IPV6_PREFIX",
    64,
    "How many leading bits of an IPv6 address make a client, from 1 to 128; with the default keys.",
    _GROUP,
)
Config.define("POOLCOUNTER_CONFIG_PER_IP", None, f"Limits for each client address. {_LIMITS}, or None.", _GROUP)
Config.define("POOLCOUNTER_CONFIG_PER_ORIGINAL", None, f"Limits for each original. {_LIMITS}, or None.", _GROUP)
Config.define(
    "POOLCOUNTER_CONFIG_EXPENSIVE",
    None,
    f"Limits for each expensive format. {_LIMITS}, and extensions (a list such as ['tiff', 'pdf']), or None.",
    _GROUP,
)


@dataclass(frozen=True)
class Pool:
    """How many requests may share one key, and how long one of them waits."""

    name: str
    workers: int
    maxqueue: int
    timeout: int


@dataclass(frozen=True)
class Settings:
    """What the configuration says, checked."""

    servers: tuple[str, ...]
    connect_timeout: float
    trusted_proxies: tuple[Network, ...]
    keys: Keys
    per_ip: Pool | None
    per_original: Pool | None
    expensive: Pool | None
    extensions: frozenset[str]

    @classmethod
    def from_config(cls, config: Any, module: str) -> Settings:
        """Reads the configuration; `module` is the name that stands in HANDLER_LISTS."""
        _check_order(config.HANDLER_LISTS, module)
        expensive = config.POOLCOUNTER_CONFIG_EXPENSIVE
        keys = _keys(config)
        settings = cls(
            servers=_strings(config, "POOLCOUNTER_SERVERS"),
            connect_timeout=_seconds(config, "POOLCOUNTER_CONNECT_TIMEOUT"),
            trusted_proxies=tuple(_network(text) for text in _strings(config, "POOLCOUNTER_TRUSTED_PROXIES")),
            keys=keys,
            per_ip=_pool(config, "per_ip"),
            per_original=_pool(config, "per_original"),
            expensive=_pool(config, "expensive", "extensions"),
            extensions=frozenset() if expensive is None else _extensions(expensive["extensions"], keys),
        )
        _check_servers(settings)
        if not (settings.per_ip or settings.per_original or settings.expensive):
            raise ConfigurationError(
                "PoolCounter: none of POOLCOUNTER_CONFIG_PER_IP, _PER_ORIGINAL and _EXPENSIVE is set"
            )
        return settings


def _check_order(handler_lists: Any, module: str) -> None:
    # The route of pictures matches nearly every path: handlers behind it would never be asked.
    if module in handler_lists and list(handler_lists)[-1] != module:
        raise ConfigurationError(f"HANDLER_LISTS: {module} has to be the last one")


def _check_servers(settings: Settings) -> None:
    if not settings.servers:
        raise ConfigurationError("POOLCOUNTER_SERVERS names no server")
    try:
        Client(settings.servers, connect_timeout=settings.connect_timeout).close()
    except (PoolCounterError, ValueError) as error:
        raise ConfigurationError(f"PoolCounter: {error}") from error


def _strings(config: Any, setting: str) -> tuple[str, ...]:
    value = getattr(config, setting)
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{setting} has to be a list of strings, not {value!r}")
    return tuple(value)


def _seconds(config: Any, setting: str) -> float:
    value = getattr(config, setting)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ConfigurationError(f"{setting} has to be a number of seconds above 0, not {value!r}")
    return float(value)


def _network(text: str) -> Network:
    try:
        return parse_network(text)
    except ValueError as error:
        raise ConfigurationError(f"POOLCOUNTER_TRUSTED_PROXIES: {error}") from error


def _keys(config: Any) -> Keys:
    name = config.POOLCOUNTER_KEYS
    if name not in list(KEYS):
        raise ConfigurationError(f"POOLCOUNTER_KEYS has to be {' or '.join(map(repr, KEYS))}, not {name!r}")
    return KEYS[name](_ipv6_prefix(config))


def _ipv6_prefix(config: Any) -> int:
    value = config.POOLCOUNTER_IPV6_PREFIX
    if not _is_whole(value, 1, 128):
        raise ConfigurationError(f"POOLCOUNTER_IPV6_PREFIX has to be a whole number from 1 to 128, not {value!r}")
    return int(value)


def _pool(config: Any, name: str, *more: str) -> Pool | None:
    setting = f"POOLCOUNTER_CONFIG_{name.upper()}"
    value = getattr(config, setting)
    if value is None:
        return None
    known = ("workers", "maxqueue", "timeout", *more)
    if not isinstance(value, Mapping) or set(value) != set(known):
        raise ConfigurationError(f"{setting} has to be a dictionary with {', '.join(known)}, not {value!r}")
    return Pool(
        name,
        workers=_whole(value, setting, "workers", 1),
        maxqueue=_whole(value, setting, "maxqueue", 1),
        timeout=_whole(value, setting, "timeout", 0),
    )


def _whole(pool: Mapping[str, Any], setting: str, name: str, least: int) -> int:
    value = pool[name]
    if not _is_whole(value, least, _MOST):
        raise ConfigurationError(f"{setting}: {name} has to be a whole number from {least} to {_MOST}, not {value!r}")
    return int(value)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _extensions(value: Any, keys: Keys) -> frozenset[str]:
    setting = "POOLCOUNTER_CONFIG_EXPENSIVE: extensions"
    if not isinstance(value, (list, tuple, set, frozenset)) or not value:
        raise ConfigurationError(f"{setting} has to be a list of file extensions, not {value!r}")
    names = frozenset(keys.file_format(f"x.{item.lstrip('.')}") if isinstance(item, str) else "" for item in value)
    if "" in names:
        raise ConfigurationError(f"{setting}: each has to be a file extension such as 'tiff', not {value!r}")
    return names
