"""The functions of libpoolcounter, as its header declares them."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

from . import _library


class Request(ctypes.Structure):
    """pc_request."""

    _fields_ = (
        ("size", c_uint32),
        ("mode", c_int32),
        ("key", c_char_p),
        ("key_length", c_size_t),
        ("workers", c_int64),
        ("maxqueue", c_int64),
        ("timeout_seconds", c_int64),
        ("answer_timeout_ms", c_int64),
    )

    def __init__(self) -> None:
        """Sets only the size: the library reads the fields within this size."""
        super().__init__(ctypes.sizeof(Request))


class Wait(ctypes.Structure):
    """pc_wait."""

    _fields_ = (
        ("size", c_uint32),
        ("finished", c_int32),
        ("descriptor", c_int32),
        ("direction", c_int32),
        ("timeout_ms", c_int32),
        ("look_up", c_int32),
    )

    finished: int
    descriptor: int
    direction: int
    timeout_ms: int
    look_up: int

    def __init__(self) -> None:
        """Sets only the size: the library writes the fields within this size."""
        super().__init__(ctypes.sizeof(Wait))


OK = 0
NO_SERVER = 4
NO_SUCH_LOCK = 10
INTERRUPTED = 15
READ = 1

_HANDLE = POINTER(c_void_p)
_OUTCOME = POINTER(c_int32)
_LOCK = POINTER(c_uint64)

_CONFIG = {
    "pc_config_new": (c_int32, _HANDLE),
    "pc_config_free": (None, _HANDLE),
    "pc_config_add_server": (c_int32, c_void_p, c_char_p),
    "pc_config_add_ring_server": (c_int32, c_void_p, c_char_p, c_char_p, c_int64),
    "pc_config_set_connect_timeout_ms": (c_int32, c_void_p, c_int64),
    "pc_config_set_connect_twice": (c_int32, c_void_p, c_int32),
    "pc_config_set_min_answer_timeout_ms": (c_int32, c_void_p, c_int64),
    "pc_config_set_first_answer_timeout_ms": (c_int32, c_void_p, c_int64),
    "pc_config_set_avoid_for_ms": (c_int32, c_void_p, c_int64),
    "pc_config_set_max_idle_time_ms": (c_int32, c_void_p, c_int64),
    "pc_config_set_max_idle_connections": (c_int32, c_void_p, c_int64),
    "pc_config_set_await_release": (c_int32, c_void_p, c_int32),
    "pc_config_set_look_ups_by_caller": (c_int32, c_void_p, c_int32),
    "pc_config_error_cause": (c_char_p, c_void_p),
}

_BLOCKING = {
    **_CONFIG,
    "pc_client_new": (c_int32, c_void_p, _HANDLE),
    "pc_client_stats": (c_int32, c_void_p, c_size_t, c_char_p, _HANDLE),
    "pc_async_new": (c_int32, c_void_p, _HANDLE),
}

_IMMEDIATE = {
    "pc_error_message": (c_char_p, c_int32),
    "pc_outcome_name": (c_char_p, c_int32),
    "pc_ring_new": (c_int32, c_int64, _HANDLE),
    "pc_ring_free": (None, _HANDLE),
    "pc_ring_add": (c_int32, c_void_p, c_char_p, c_int64),
    "pc_ring_node": (c_int32, c_void_p, c_char_p, c_size_t, POINTER(c_size_t)),
    "pc_request_line": (c_int32, POINTER(Request), _HANDLE),
    "pc_release_line": (c_char_p,),
    "pc_string_free": (None, _HANDLE),
    "pc_client_free": (None, _HANDLE),
    "pc_client_abandon": (c_int32, c_void_p, c_uint64),
    "pc_client_close": (c_int32, c_void_p),
    "pc_client_error_message": (c_char_p, c_void_p),
    "pc_client_error_server": (c_char_p, c_void_p),
    "pc_client_error_cause": (c_char_p, c_void_p),
    "pc_async_free": (None, _HANDLE),
    "pc_async_server_host": (c_char_p, c_void_p, c_size_t),
    "pc_looked_up": (c_int32, c_char_p, c_char_p, c_char_p),
    "pc_async_acquire": (c_int32, c_void_p, POINTER(Request), _HANDLE),
    "pc_async_release": (c_int32, c_void_p, c_uint64, _HANDLE),
    "pc_async_abandon": (c_int32, c_void_p, c_uint64),
    "pc_async_stats": (c_int32, c_void_p, c_size_t, c_char_p, _HANDLE),
    "pc_async_close": (c_int32, c_void_p),
    "pc_async_error_message": (c_char_p, c_void_p),
    "pc_async_error_server": (c_char_p, c_void_p),
    "pc_async_error_cause": (c_char_p, c_void_p),
    "pc_call_progress": (c_int32, c_void_p, POINTER(Wait)),
    "pc_call_result": (c_int32, c_void_p, _LOCK, _OUTCOME),
    "pc_call_text": (c_char_p, c_void_p),
    "pc_call_free": (None, _HANDLE),
}


def _declare(library: ctypes.CDLL, functions: Mapping[str, tuple[object, ...]]) -> None:
    for name, (result, *arguments) in functions.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = tuple(arguments)


BLOCKING, IMMEDIATE = _library.load()
"""The functions that may block, which release the GIL, and those that never block, which keep it."""

_declare(BLOCKING, _BLOCKING)
_declare(IMMEDIATE, _IMMEDIATE)
