"""What the tests share: the image, and the engine that runs it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from kit.engine import Container, Engine
from kit.image import Image

# run.py sets them.
architecture = ""
image: Image = None  # type: ignore[assignment]
engine: Engine = None  # type: ignore[assignment]
emulator: list[str] = []
"""What runs the image's programs, if this machine cannot."""


@contextlib.contextmanager
def container(*options: str, ready: bool = True, **wishes: object) -> Iterator[Container]:
    """A container with these options, which is ready."""
    with engine.start(image, options=options, before=emulator, **wishes) as started:
        if ready:
            started.until_ready()
        yield started
