"""Finds libpoolcounter, loads it, and makes sure that it is the right one."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_NAME = "libpoolcounter.so.0"
_NEEDED = (0, 1)
"""The oldest library that has all that is used here. Those of the same major version are compatible with it."""


def path() -> str:
    """What to load: what POOLCOUNTER_LIBRARY names, else the library beside this file, else the one of the system."""
    beside = Path(__file__).with_name(_NAME)
    return os.environ.get("POOLCOUNTER_LIBRARY") or (str(beside) if beside.exists() else _NAME)


def load() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    """The library twice: for functions that may block, which others run beside, and for those that never do."""
    name = path()
    try:
        library = ctypes.CDLL(name)
        _check(library)
    except OSError as error:
        raise ImportError(
            f"cannot load libpoolcounter: {error}; install it, or name it in POOLCOUNTER_LIBRARY", path=name
        ) from error
    except AttributeError as error:
        raise ImportError(f"{name} is no libpoolcounter: {error}", path=name) from error
    return library, ctypes.PyDLL(name)


def _check(library: ctypes.CDLL) -> None:
    library.pc_version.restype = ctypes.c_char_p
    library.pc_version.argtypes = ()
    text = library.pc_version().decode()
    version = tuple(int(part) for part in text.split(".")[:2])
    if version[0] != _NEEDED[0] or version < _NEEDED:
        needed = ".".join(map(str, _NEEDED))
        raise ImportError(f"libpoolcounter {text} does not serve: {needed} is needed, or later of its major version")
