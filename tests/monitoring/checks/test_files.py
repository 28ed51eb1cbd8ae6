"""What the files of the kit say of each other."""

import json
import re
import unittest

from kit import places

RULES = (places.KIT / "rules.yml").read_text()
PAGE = (places.KIT / "README.md").read_text()
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)


class Alerts(unittest.TestCase):
    """Each alert is tested, and the operator finds what it means."""

    def test_each_has_a_section(self):
        sections = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
        self.assertEqual(sorted(ALERTS), sorted(sections))

    def test_each_fires_in_a_unit_test_and_is_quiet_in_another(self):
        cases = "\n".join(file.read_text() for file in (places.TESTS / "alerts").glob("*.yml"))
        cases = re.findall(r"- alertname: (\w+)\n +eval_time: \w+(\n +exp_alerts:\n +- )?", cases)
        self.assertEqual(set(ALERTS), {name for name, fires in cases if fires})
        self.assertEqual(set(ALERTS), {name for name, fires in cases if not fires})


class Dashboard(unittest.TestCase):
    """What its types do not say."""

    def setUp(self):
        dashboard = json.loads((places.KIT / "dashboard.json").read_text())
        self.panels = dashboard["panels"]

    def test_numbers_are_unique(self):
        numbers = [panel["id"] for panel in self.panels]
        self.assertEqual(len(numbers), len(set(numbers)))

    def test_no_panel_covers_another(self):
        taken = set()
        for place in (panel["gridPos"] for panel in self.panels):
            self.assertLessEqual(place["x"] + place["w"], 24)
            cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            self.assertFalse(cells & taken, place)
            taken |= cells

    def test_every_query_is_of_the_chosen_daemons(self):
        for panel in self.panels:
            for target in panel.get("targets", []):
                metrics = re.findall(r"\b(?:poolcounter|process|up)[a-z_0-9:]*\{", target["expr"])
                self.assertTrue(metrics, target["expr"])
                self.assertEqual(target["expr"].count('job="poolcounter", instance=~"$instance"'), len(metrics))
