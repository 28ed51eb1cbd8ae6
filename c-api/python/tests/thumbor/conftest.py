"""The fixtures."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from pictures import draw
from site_of_thumbors import Site
from support.daemon import Daemon


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of originals."""
    folder = tmp_path_factory.mktemp("pictures")
    draw(folder)
    return folder


@pytest.fixture
def site(ours: Daemon, pictures: Path, tmp_path: Path, cleanup: ExitStack) -> Site:
    """A site whose daemon runs, and whose Thumbors a test starts."""
    site = Site(ours, pictures, tmp_path)
    cleanup.callback(site.close)
    return site
