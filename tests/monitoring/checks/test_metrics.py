"""The metrics of a real daemon, in both formats."""

import pathlib
import subprocess
import tempfile
import unittest

from kit import crowd, places, text, web
from loopback import free_address
from stage.daemon import Client, Daemon
from stage.waiting import until

OLD = {
    "poolcounter_up": "gauge",
    "poolcounter_total_processing_time_seconds": "untyped",
    "poolcounter_avg_processing_time_seconds": "gauge",
    "poolcounter_total_gained_time_seconds": "untyped",
    "poolcounter_total_excl_wait_time_seconds": "untyped",
    "poolcounter_total_shared_wait_time_seconds": "untyped",
    "poolcounter_total_acquired": "untyped",
    "poolcounter_total_releases": "untyped",
    "poolcounter_connect_errors": "untyped",
    "poolcounter_lock_mismatch": "untyped",
    "poolcounter_release_mismatch": "untyped",
    "poolcounter_processed_count": "untyped",
    "poolcounter_hashtable_entries": "gauge",
    "poolcounter_processing_workers": "gauge",
    "poolcounter_waiting_workers": "gauge",
    "poolcounter_full_queues": "gauge",
}
"""The names of the reference's exporter. Its counters' names break the rules for counters, so ours have no type."""

OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


class Metrics(unittest.TestCase):
    """A daemon whose clients have done everything that there is to do."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.admin = f"{free_address()}:7532"
        cls.daemon = cls.enterClassContext(Daemon.ours(folder, more=["--admin", cls.admin, "--max-clients", "100"]))
        crowd.every_outcome(cls.daemon.address)
        cls.stampede = crowd.Stampede(cls.daemon.address)
        cls.addClassCleanup(cls.stampede.close)
        until(cls.all_has_arrived, "the last one has left, and the crowd waits")

    @classmethod
    def all_has_arrived(cls):
        served = cls.metrics()
        held = text.value(served, "poolcounter_holders", group="rcache")
        return held == 0 and text.value(served, "poolcounter_waiters", group="pcache") == crowd.WAITERS

    @classmethod
    def metrics(cls, path="/metrics", headers=None):
        """What is served now."""
        return web.get(cls.admin, path, headers)

    def by_label(self, name, group, label):
        """The values of a metric for a group, by another label."""
        found = text.samples(self.metrics())
        return {labels[label]: value for other, labels, value in found if other == name and labels["group"] == group}

    def test_promtool_finds_nothing_to_say(self):
        command = [places.prometheus("promtool"), "check", "metrics"]
        said = subprocess.run(command, input=self.metrics(), capture_output=True, text=True, check=False, timeout=20)
        self.assertEqual((said.returncode, said.stdout, said.stderr), (0, "", ""))

    def test_the_old_names(self):
        for path in ("/metrics", "/prometheus"):
            served = self.metrics(path)
            self.assertEqual({name: kind for name, kind in text.types(served).items() if name in OLD}, OLD)
        self.assertEqual(text.value(served, "poolcounter_up"), 1)
        with Client(self.daemon.address) as client:
            for name in ("total_acquired", "full_queues", "waiting_workers", "processed_count"):
                expected = float(client.ask(f"STATS {name}").removeprefix(f"{name}: "))
                self.assertEqual(text.value(served, f"poolcounter_{name}"), expected, name)

    def test_the_old_counters_in_open_metrics(self):
        served = self.metrics(headers=OPEN_METRICS)
        self.assertTrue(served.endswith("\n# EOF\n"))
        expected = {name: "unknown" if kind == "untyped" else kind for name, kind in OLD.items()}
        self.assertEqual({name: kind for name, kind in text.types(served).items() if name in OLD}, expected)

    def test_what_became_of_the_requests(self):
        expected = {
            "granted": 1,
            "granted_after_wait": 1,
            "done": 0,
            "queue_full": crowd.REFUSED,
            "timed_out": crowd.LATE,
            "not_free": 1,
            "cancelled": 1,
            "left_waiting": 1,
        }
        self.assertEqual(self.by_label("poolcounter_requests_total", "rcache", "outcome"), expected)
        expected = {**dict.fromkeys(expected, 0), "granted": 1}
        self.assertEqual(self.by_label("poolcounter_requests_total", "pcache", "outcome"), expected)
        self.assertEqual(self.by_label("poolcounter_holds_total", "rcache", "end"), {"released": 1, "left": 1})

    def test_who_waits(self):
        served = self.metrics()
        for name, expected in (("holders", 1), ("waiters", crowd.WAITERS), ("keys", 1)):
            self.assertEqual(text.value(served, f"poolcounter_{name}", group="pcache"), expected)
        self.assertEqual(text.value(served, "poolcounter_holders", group="rcache"), 0)
        self.assertGreater(text.value(served, "poolcounter_oldest_contended_hold_seconds", group="pcache"), 0)
        self.assertEqual(text.value(served, "poolcounter_clients"), crowd.WAITERS + 1)
        self.assertEqual(text.value(served, "poolcounter_max_clients"), 100)

    def test_how_long_they_waited(self):
        served = self.metrics()
        waits = crowd.LATE + 3
        self.assertEqual(text.value(served, "poolcounter_wait_seconds_count", group="rcache"), waits)
        # Those that timed out waited for a second.
        self.assertGreaterEqual(text.value(served, "poolcounter_wait_seconds_sum", group="rcache"), crowd.LATE)
        self.assertEqual(text.value(served, "poolcounter_wait_seconds_bucket", group="rcache", le="+Inf"), waits)
        self.assertEqual(text.value(served, "poolcounter_hold_seconds_count", group="rcache"), 2)
