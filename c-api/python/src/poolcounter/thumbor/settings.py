"""The settings in Thumbor's configuration, defined for `thumbor-config` and checked at the start."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from derpconf.config import ConfigurationError  # type: ignore[import-untyped]
from thumbor.config import Config  # type: ignore[import-untyped]

from poolcounter import Client, ClientError
from poolcounter.thumbor.address import Network, parse_network
from poolcounter.thumbor.keys import KEYS, Keys

_GROUP = "PoolCounter"
_MOST = 1_000_000
_LIMITS = (
    "A dictionary of workers (how many render at a time), maxqueue (how many render or wait) "
    "and timeout (seconds that one waits)"
)
# The options of the client that are settings: POOLCOUNTER_CONNECT_TIMEOUT and so on, with the client's own defaults.
_CLIENT_OPTIONS = {
    "connect_timeout": "Seconds that a connection to a server may take.",
    "connect_twice": "Whether to try a second time, a millisecond later, if a connection could not be made.",
    "min_answer_timeout": "The least seconds to wait for an answer. A lock waits for 1.5 times its timeout, if more.",
    "first_answer_timeout": "Seconds to wait on a new connection if the server answers at once (timeout 0), if more.",
    "avoid_for": "The least seconds for which a server that gave no answer is avoided. One that refused is tried last.",
    "max_idle_time": "A connection that was idle for more seconds is not reused.",
    "max_idle_connections": "How many idle connections each process leaves open.",
}
_KINDS = {bool: "True or False", float: "a number of seconds", int: "a whole number"}


def _setting_of(option: str) -> str:
    return f"POOLCOUNTER_{option.upper()}"


def _default_of(option: str) -> Any:
    return inspect.signature(Client).parameters[option].default


Config.define("POOLCOUNTER_SERVERS", [], "The servers: host, host:port, [::1]:7531 or unix:/path.", _GROUP)
for _option, _description in _CLIENT_OPTIONS.items():
    Config.define(_setting_of(_option), _default_of(_option), _description, _GROUP)
Config.define(
    "POOLCOUNTER_TRUSTED_PROXIES",
    [],
    "Addresses and networks whose X-Forwarded-For is trusted, and unix: for connections over a Unix socket. "
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
    """The limits of a key."""

    name: str
    workers: int
    maxqueue: int
    timeout: int


@dataclass(frozen=True)
class Settings:
    """The checked configuration."""

    servers: tuple[str, ...]
    client_options: Mapping[str, Any]
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
        servers = _servers(config)
        settings = cls(
            servers=servers,
            client_options={option: _client_option(config, option, servers) for option in _CLIENT_OPTIONS},
            trusted_proxies=tuple(_network(text) for text in _strings(config, "POOLCOUNTER_TRUSTED_PROXIES")),
            keys=keys,
            per_ip=_pool(config, "per_ip"),
            per_original=_pool(config, "per_original"),
            expensive=_pool(config, "expensive", "extensions"),
            extensions=frozenset() if expensive is None else _extensions(expensive["extensions"], keys),
        )
        if not (settings.per_ip or settings.per_original or settings.expensive):
            raise ConfigurationError(
                "PoolCounter: none of POOLCOUNTER_CONFIG_PER_IP, _PER_ORIGINAL and _EXPENSIVE is set"
            )
        return settings


def _check_order(handler_lists: Any, module: str) -> None:
    # The route of pictures matches nearly every path: handlers behind it would never be asked.
    if module in handler_lists and list(handler_lists)[-1] != module:
        raise ConfigurationError(f"HANDLER_LISTS: {module} has to be the last one")


def _servers(config: Any) -> tuple[str, ...]:
    servers = _strings(config, "POOLCOUNTER_SERVERS")
    if not servers:
        raise ConfigurationError("POOLCOUNTER_SERVERS names no server")
    try:
        Client(servers).close()
    except (ClientError, ValueError) as error:
        raise ConfigurationError(f"POOLCOUNTER_SERVERS: {error}") from error
    return servers


def _client_option(config: Any, option: str, servers: tuple[str, ...]) -> Any:
    """The value of an option. The client checks it separately, so that the error names the right option."""
    setting, kind = _setting_of(option), type(_default_of(option))
    value = getattr(config, setting)
    message = f"{setting} has to be {_KINDS[kind]}, not {value!r}"
    # To Python, True is a number.
    if isinstance(value, bool) != (kind is bool):
        raise ConfigurationError(message)
    try:
        Client(servers, **{option: value}).close()
    except (ClientError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{message}: {error}") from error
    return value


def _strings(config: Any, setting: str) -> tuple[str, ...]:
    value = getattr(config, setting)
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError(f"{setting} has to be a list of strings, not {value!r}")
    return tuple(value)


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
