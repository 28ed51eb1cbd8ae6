"""Finds libpoolcounter, loads it, and checks its ABI number and version."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_ABI = 0
"""Libraries with this ABI number are compatible with the declarations in _functions."""
_NAME = f"libpoolcounter.so.{_ABI}"
_NEEDED = (0, 2)
"""The oldest version that has all functions of _functions."""


def path() -> str:
    """The library to load: POOLCOUNTER_LIBRARY, else the library next to this file, else the system's."""
    beside = Path(__file__).with_name(_NAME)
    return os.environ.get("POOLCOUNTER_LIBRARY") or (str(beside) if beside.exists() else _NAME)


def load() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    """Loads the library twice: for functions that may block, which release the GIL, and for those that never block."""
    name = path()
    try:
        library = ctypes.CDLL(name)
        _check(library)
    except OSError as error:
        raise ImportError(
            f"cannot load libpoolcounter: {error}; install it, or name it in POOLCOUNTER_LIBRARY", path=name
        ) from error
    except AttributeError as error:
        raise ImportError(f"{name} is not libpoolcounter: {error}", path=name) from error
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
        raise ImportError(f"libpoolcounter {text} is too old: version {'.'.join(map(str, _NEEDED))} or later is needed")
