"""Finds libpoolcounter, loads it, and makes sure that it is the right one."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_ABI = 0
"""Libraries of this number are compatible with what is declared in _functions."""
_NAME = f"libpoolcounter.so.{_ABI}"
_NEEDED = (0, 1)
"""The oldest version that has all that is used here."""


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
    library.pc_abi.restype = ctypes.c_int32
    library.pc_abi.argtypes = ()
    text = library.pc_version().decode()
    abi = library.pc_abi()
    if abi != _ABI:
        raise ImportError(f"libpoolcounter {text} has ABI {abi}, and ABI {_ABI} is needed")
    if tuple(int(part) for part in text.split(".")[:2]) < _NEEDED:
        raise ImportError(f"libpoolcounter {text} is too old: {'.'.join(map(str, _NEEDED))} is needed, or later")
