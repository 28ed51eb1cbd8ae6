"""A real Prometheus with the kit's own files."""

import contextlib
import json
import math
import urllib.parse

from loopback import free_address
from stage.process import Process

from . import places, quick, web

_PORT = 9090


class Prometheus:
    """Runs, and is asked through its API."""

    def __init__(self, folder, targets):
        """Starts it."""
        folder.mkdir()
        self.server = f"{free_address()}:{_PORT}"
        for name, text in (
            ("prometheus.yml", quick.configuration((places.KIT / "prometheus.yml").read_text(), targets)),
            ("rules.yml", quick.rules((places.KIT / "rules.yml").read_text())),
        ):
            (folder / name).write_text(text)
        command = [
            places.prometheus("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.server}",
        ]
        self._process = Process(command, folder / "prometheus.log")
        self._process.ready(self._answers, "answers")

    def query(self, expression):
        """The values of an expression now, as pairs of labels and number, without those that are not a number."""
        found = self._ask("query", query=expression)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        values = [(sample["metric"], float(sample["value"][1])) for sample in found["result"]]
        return [(labels, value) for labels, value in values if not math.isnan(value)]

    def value(self, expression):
        """The only value of an expression, or None."""
        found = self.query(expression)
        return found[0][1] if len(found) == 1 else None

    def firing(self, name, **labels):
        """The alerts of this name and with these labels that fire now."""
        found = [alert for alert in self._ask("alerts")["alerts"] if alert["state"] == "firing"]
        wanted = {"alertname": name, **labels}.items()
        return [alert for alert in found if wanted <= alert["labels"].items()]

    def rules(self):
        """All rules, as it has read them."""
        groups = self._ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def stop(self):
        """Ends it."""
        self._process.stop()

    def _ask(self, path, **parameters):
        answer = json.loads(web.get(self.server, f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        return answer["data"]

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(web.get(self.server, "/-/ready"))
        return False
