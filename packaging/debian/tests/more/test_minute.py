"""Replaces the reference, while the kernel holds its port for a minute."""

from __future__ import annotations

import time

from stage.service import ServiceCase


class Minute(ServiceCase):
    """The kernel's own time."""

    def test_replaces_the_reference(self) -> None:
        """The service tries again until the port is free."""
        begun = time.monotonic()
        self.replace_reference(linger=60)
        # Its first start came too early.
        self.assertGreater(int(self.root.unit("poolcounter-rs.service", "NRestarts")), 0)
        print(f"the port was free after {time.monotonic() - begun:.0f} s", flush=True)
