"""Makes clients of python-poolcounter's interface."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from .client import PoolcounterClient
from .errors import PoolcounterError
from .server import Server


def new(backends: Iterable[tuple[str, str, int | str]], logger_name: str = "poolcounter") -> PoolcounterClient:
    """A client of servers, each a label, a host and a weight.

    Raises:
        PoolcounterError: Two have the same label.
        ValueError: A weight is no number, or out of its range.
        OSError: A host has no IPv4 address.
    """
    client = PoolcounterClient(logging.getLogger(logger_name))
    for label, host, weight in backends:
        client.add_backend(Server(host, weight=int(weight), label=label))
    return client


def from_yaml(filename: str | Path, logger_name: str = "poolcounter") -> PoolcounterClient:
    """A client of servers that a YAML file has, as a list of texts `label:host:weight`. It needs PyYAML.

    Raises:
        ImportError: PyYAML is not installed.
        PoolcounterError: The file has something else, or two servers with the same label.
        OSError: The file cannot be read, or a host has no IPv4 address.
    """
    try:
        import yaml  # type: ignore[import-untyped] # noqa: PLC0415, it is optional
    except ImportError:
        raise ImportError("poolcounter.from_yaml() needs PyYAML: pip install 'poolcounter[yaml]'") from None
    try:
        entries = yaml.safe_load(Path(filename).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PoolcounterError(f"{filename} is not YAML: {error}") from error
    if not isinstance(entries, list):
        raise PoolcounterError(f"{filename} has no list of texts label:host:weight")
    return new([_backend(filename, entry) for entry in entries], logger_name)


def _backend(filename: str | Path, entry: object) -> tuple[str, str, str]:
    parts = entry.split(":") if isinstance(entry, str) else []
    if len(parts) != 3 or not parts[2].strip().isdecimal():
        raise PoolcounterError(f"{filename}: {entry!r} is not label:host:weight")
    label, host, weight = (part.strip() for part in parts)
    return label, host, weight
