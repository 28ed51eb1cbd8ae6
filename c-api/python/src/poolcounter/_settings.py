"""The settings of a client."""

from __future__ import annotations

import ctypes
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Union

from . import _failures
from ._functions import BLOCKING, OK
from .errors import BadServerError


@dataclass(frozen=True)
class RingServer:
    """A server of a ring, which distributes keys by python-poolcounter's rule.

    A key has one server. There is no other server for it if this one is away.
    """

    label: str
    """The name that decides which keys belong to the server."""

    server: str
    """The server: host, host:port, [address]:port or unix:/path."""

    weight: int = 1
    """Its share of the keys, from 0 to 1000."""


Server = Union[str, RingServer]


@dataclass(frozen=True)
class Settings:
    """The options of a client, in seconds; `ClientBase` describes them."""

    servers: tuple[Server, ...]
    connect_timeout: float
    connect_twice: bool
    min_answer_timeout: float
    first_answer_timeout: float
    avoid_for: float
    max_idle_time: float
    max_idle_connections: int
    await_release: bool

    @property
    def names(self) -> list[str]:
        """The servers as they were configured."""
        return [server.server if isinstance(server, RingServer) else server for server in self.servers]

    @contextmanager
    def configuration(self) -> Iterator[ctypes.c_void_p]:
        """A pc_config, which lasts as long as the context."""
        config = ctypes.c_void_p()
        _call(config, BLOCKING.pc_config_new, ctypes.byref(config))
        try:
            self._fill(config)
            yield config
        finally:
            BLOCKING.pc_config_free(ctypes.byref(config))

    def _fill(self, config: ctypes.c_void_p) -> None:
        for server in self.servers:
            _add(config, server)
        for option, (setter, checked) in _SETTERS.items():
            number = BLOCKING[setter](config, checked(getattr(self, option), option))
            if number != OK:
                cause = BLOCKING.pc_config_error_cause(config)
                raise _failures.of_error(number, f"{option}: ".encode() + cause)


class ClientBase:
    """The base class of both clients: servers and options.

    A copy is a new client with the same settings. Attributes in `__dict__` are copied, too. `_open` makes the other
    attributes, which are in slots and are not copied.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        *,
        connect_timeout: float = 0.1,
        connect_twice: bool = False,
        min_answer_timeout: float = 1.0,
        first_answer_timeout: float = 4.0,
        avoid_for: float = 1.0,
        max_idle_time: float = 60.0,
        max_idle_connections: int = 8,
        await_release: bool = False,
    ) -> None:
        """Makes no connection yet.

        Args:
            servers: Texts of the form host, host:port, [address]:port or unix:/path. Keys are distributed by
                MediaWiki's rule: the order of the servers depends on the key, and the next one is asked if one is
                away. Or `RingServer`s.
            connect_timeout: Seconds that connecting may take; at most twice as long to a name with several
                addresses.
            connect_twice: Whether to try a second time, a millisecond later, if connecting failed.
            min_answer_timeout: The least number of seconds to wait for an answer. A lock waits for 1.5 times its own
                timeout, if that is more. If the server answers at once (timeout 0), this is the time on a connection
                that has answered before.
            first_answer_timeout: Seconds to wait if the server answers at once, on a connection that has not answered
                before; at least `min_answer_timeout`. A server needs seconds to accept many connections at once.
            avoid_for: The least number of seconds for which a server that gave no answer in time is avoided. The time
                doubles with each further failure, up to ten seconds. A server that refused a connection is tried last
                for this time, at most one second.
            max_idle_time: A connection that was idle for more seconds is not reused.
            max_idle_connections: How many idle connections stay open.
            await_release: Whether the end of a block waits for the server's answer, and raises if there is none.

        Raises:
            BadServerError: A text names no server, or there is none.
            ValueError: A number is out of its range.
            TypeError: Something is of another type.
        """
        if isinstance(servers, (str, bytes)):
            raise TypeError("servers are a list of texts, not one text")
        self._settings = Settings(
            tuple(servers),
            connect_timeout,
            connect_twice,
            min_answer_timeout,
            first_answer_timeout,
            avoid_for,
            max_idle_time,
            max_idle_connections,
            await_release,
        )
        self._open()

    def __repr__(self) -> str:
        """The servers as they were configured, and the state of the client."""
        kind = type(self)
        try:
            state = f"servers={list(self._settings.servers)!r}, {self._state()}"
        except AttributeError:
            state = "not initialised"
        return f"<{kind.__module__}.{kind.__qualname__} {state}>"

    def __getstate__(self) -> dict[str, object]:
        """The settings, and the attributes that a user's subclass has added."""
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, object]) -> None:
        """Makes no connection yet."""
        self.__dict__.update(state)
        self._open()

    def _open(self) -> None:
        """Makes the attributes that are not settings."""
        raise NotImplementedError

    def _state(self) -> str:
        """A text with the number of held locks and of waits."""
        raise NotImplementedError


def milliseconds(seconds: float, name: str) -> int:
    """Seconds as whole milliseconds, rounded up, so that a small time does not become 0."""
    try:
        is_finite = math.isfinite(seconds * 1000)
    except TypeError:
        raise TypeError(f"{name} is a number of seconds, not {type(seconds).__name__}") from None
    except OverflowError:
        is_finite = False
    if not is_finite:
        raise ValueError(f"{name} must be a finite number of seconds")
    return integer(math.ceil(seconds * 1000), name)


def integer(number: int, name: str) -> int:
    """Checks that a number fits into 64 bits; ctypes would cut it silently."""
    try:
        whole = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {type(number).__name__}") from None
    if whole.bit_length() > 63:
        raise ValueError(f"{name} is out of range")
    return whole


def _flag(value: bool, name: str) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {type(value).__name__}")
    return value


def _add(config: ctypes.c_void_p, server: Server) -> None:
    if isinstance(server, RingServer):
        weight = integer(server.weight, "weight")
        arguments = (_text(server.label), _text(server.server), weight)
        _call(config, BLOCKING.pc_config_add_ring_server, config, *arguments)
    else:
        _call(config, BLOCKING.pc_config_add_server, config, _text(server))


def _text(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"a server is a text or a RingServer of texts, not {type(text).__name__}")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        encoded = b"\0"
    if b"\0" in encoded:
        raise BadServerError(f"{text!r} is not a server")
    return encoded


_SETTERS: dict[str, tuple[str, Callable[[Any, str], int]]] = {
    "connect_timeout": ("pc_config_set_connect_timeout_ms", milliseconds),
    "connect_twice": ("pc_config_set_connect_twice", _flag),
    "min_answer_timeout": ("pc_config_set_min_answer_timeout_ms", milliseconds),
    "first_answer_timeout": ("pc_config_set_first_answer_timeout_ms", milliseconds),
    "avoid_for": ("pc_config_set_avoid_for_ms", milliseconds),
    "max_idle_time": ("pc_config_set_max_idle_time_ms", milliseconds),
    "max_idle_connections": ("pc_config_set_max_idle_connections", integer),
    "await_release": ("pc_config_set_await_release", _flag),
}
"""The library's function for each option, and the function that converts the option's value."""


def _call(config: ctypes.c_void_p, function: ctypes._NamedFuncPointer, *arguments: object) -> None:
    number = function(*arguments)
    if number != OK:
        raise _failures.of_error(number, BLOCKING.pc_config_error_cause(config))
