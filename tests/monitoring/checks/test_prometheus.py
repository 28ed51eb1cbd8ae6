"""A real Prometheus watches real daemons: through a stampede, and through what happens to daemons."""

import contextlib
import json
import pathlib
import tempfile
import unittest

from kit import crowd, queries, quick, web
from kit.installed import MAX_CLIENTS, Installed
from kit.prometheus import Prometheus
from kit.proxy import Proxy
from loopback import free_address
from stage.daemon import Client, Daemon
from stage.waiting import until


class Watched(unittest.TestCase):
    """A daemon in a stampede, the same behind nginx, and a daemon with an eventful life."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        socket = folder / "admin"
        cls.busy = f"{free_address()}:7532"
        more = ["--admin", cls.busy, "--admin", f"unix:{socket}", "--max-clients", "100"]
        cls.daemon = Daemon.ours(folder, more=more)
        cls.addClassCleanup(cls.daemon.stop)
        cls.proxy = Proxy(folder / "nginx", socket)
        cls.addClassCleanup(cls.proxy.stop)
        cls.installed = Installed(folder)
        cls.addClassCleanup(cls.installed.stop)
        # From now on all groups are there, and their counters can be seen to grow.
        crowd.every_outcome(cls.daemon.address)
        cls.prometheus = Prometheus(folder / "prometheus", [cls.busy, cls.proxy.server, cls.installed.admin])
        cls.addClassCleanup(cls.prometheus.stop)
        until(lambda: cls.value("sum(up)") == 3, "all three are scraped")

    @classmethod
    def value(cls, expression):
        """The value of an expression now."""
        return cls.prometheus.value(expression)

    def fires(self, name, instance, **labels):
        """Waits for an alert of a daemon, and gives it."""
        found = until(lambda: self.prometheus.firing(name, instance=instance, **labels), f"{name} fires")
        self.assertEqual(len(found), 1)
        return found[0]

    def ends(self, name, instance):
        """Waits for its end."""
        until(lambda: not self.prometheus.firing(name, instance=instance), f"{name} ends")

    def test_a_stampede(self):
        """A lock is held too long; every query gives data meanwhile."""
        self.stampede = crowd.Stampede(self.daemon.address)
        self.addCleanup(self.stampede.close)
        crowd.every_outcome(self.daemon.address)
        alert = self.fires("PoolCounterLockHeldTooLong", self.busy)
        self.assertEqual(alert["labels"]["group"], "pcache")
        self.assertGreater(float(alert["value"]), quick.LOCK_HELD)
        waiting = f'poolcounter_waiters{{instance="{self.busy}", group="pcache"}}'
        until(lambda: self.value(waiting) == crowd.WAITERS, "all wait")
        for name in ("PoolCounterQueueFull", "PoolCounterTimeouts"):
            self.assertEqual(self.fires(name, self.busy)["labels"]["group"], "rcache")
        self.assert_all_queries_give_data()
        self.assert_commands_name_the_key()
        # nginx passes the same on, and no more.
        behind = waiting.replace(self.busy, self.proxy.server)
        until(lambda: self.value(behind) == crowd.WAITERS, "all wait, as seen through nginx")
        self.assertRaisesRegex(OSError, "404", web.get, self.proxy.server, "/v1/keys")
        self.stampede.release()
        self.ends("PoolCounterLockHeldTooLong", self.busy)
        done = f'poolcounter_requests_total{{instance="{self.busy}", group="pcache", outcome="done"}}'
        until(lambda: self.value(done) == crowd.WAITERS, "all are told")

    def assert_all_queries_give_data(self):
        """Those of rules, dashboard and page."""
        of = {
            "rules": queries.of_rules(self.prometheus.rules()),
            "dashboard": queries.of_dashboard(),
            "page": queries.of_page(),
        }
        for place, found in of.items():
            self.assertGreater(len(found), 10, place)
            for query in found:
                with self.subTest(place, query=query):
                    self.assertTrue(self.prometheus.query(query))

    def assert_commands_name_the_key(self):
        """What the page tells an operator to ask is answered: the key that is held, its holder and its queue."""
        paths = queries.of_commands()
        self.assertIn("/v1/keys?sort=held", paths)
        self.assertIn("/v1/keys/KEY", paths)
        for path in paths:
            web.get(self.busy, path.replace("KEY", crowd.ARTICLE))
        first = json.loads(web.get(self.busy, "/v1/keys?sort=held"))["keys"][0]
        self.assertEqual((first["key"], first["waiters"]), (crowd.ARTICLE, crowd.WAITERS))
        self.assertEqual(first["holder"]["address"], self.stampede.holder_address())

    def test_a_life(self):
        """An upgrade that fails and one that succeeds, more clients than it serves, an end, and another start."""
        here = self.installed.admin
        crowd.every_outcome(self.installed.address)
        refused = f'poolcounter_requests_total{{instance="{here}", group="rcache", outcome="queue_full"}}'
        until(lambda: self.value(refused) == crowd.REFUSED, "the refusals are counted")
        self.installed.put_broken()
        self.installed.upgrade()
        self.fires("PoolCounterUpgradeFailed", here)
        self.installed.put()
        self.installed.upgrade()
        until(lambda: self.value(f'poolcounter_upgrades_total{{instance="{here}"}}') == 1, "it is upgraded")
        self.assertEqual(self.value(refused), crowd.REFUSED)
        self.assertEqual(self.value(f"resets({refused}[1m])"), 0)
        with contextlib.ExitStack() as stack:
            for _ in range(MAX_CLIENTS):
                stack.enter_context(Client(self.installed.address))
            self.fires("PoolCounterNotReady", here)
            self.fires("PoolCounterClientsNearLimit", here)
        self.ends("PoolCounterNotReady", here)
        self.installed.stop()
        self.fires("PoolCounterDown", here)
        self.assertFalse(self.prometheus.firing("PoolCounterRestarted"))
        self.installed.start()
        self.ends("PoolCounterDown", here)
        self.fires("PoolCounterRestarted", here)
        self.assertFalse(self.prometheus.firing("PoolCounterRestarted", instance=self.busy))
