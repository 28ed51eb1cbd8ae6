"""docs/options.md names every option."""

from __future__ import annotations

import ctypes
import inspect
import re
from typing import Any

import pytest
from support.options import named, table

import poolcounter
from poolcounter import _settings, aio


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    return {name: each for name, each in inspect.signature(function).parameters.items() if name != "self"}


def default_of(text: str) -> Any:
    words = {"": inspect.Parameter.empty, "no": False, "yes": True}
    return words[text] if text in words else float(text.removesuffix(" s"))


@pytest.mark.parametrize("kind", [poolcounter.Client, aio.Client])
def test_of_a_client(kind: Any) -> None:
    documented, actual = named("Options of a client", "Python"), parameters(kind)
    assert list(documented) == list(actual)
    assert {name: default_of(text) for name, text in documented.items()} == {
        name: each.default for name, each in actual.items()
    }


@pytest.mark.parametrize("kind", [poolcounter.Client, aio.Client])
def test_of_a_lock(kind: Any) -> None:
    assert list(named("Options of a request", "Python")) == list(parameters(kind.lock))


class Library:
    """Notes which function is called with what."""

    def __init__(self) -> None:
        self.called: dict[str, object] = {}

    def __getitem__(self, name: str) -> Any:
        def function(_config: object, *arguments: object) -> int:
            self.called[name] = arguments[-1]
            return 0

        return function

    __getattr__ = __getitem__


def test_each_option_has_a_function_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {name: index for index, name in enumerate(parameters(poolcounter.Client), 1)}
    given = {**values, "connect_twice": True, "await_release": True}
    settings = _settings.Settings(**{**given, "servers": ()})  # type: ignore[arg-type]
    library = Library()
    monkeypatch.setattr(_settings, "BLOCKING", library)
    settings._fill(ctypes.c_void_p())
    expected = {}
    for row in table("Options of a client"):
        # The name that it has today stands before an arrow.
        python, function = (re.match(r"`(\w+)`", row[column]) for column in ("Python", "C"))
        if python and function and python[1] != "servers":
            value = given[python[1]]
            expected[f"pc_config_{function[1]}"] = value * 1000 if function[1].endswith("_ms") else value
    assert library.called == expected
