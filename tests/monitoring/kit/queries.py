"""What the kit asks Prometheus, in a form that gives data even if nothing is wrong, and what it asks daemons."""

import json
import re

from . import places

_COMPARISON = re.compile(r" (==|!=|>=|<=|>|<) ")
_ABSENT = re.compile(r"^absent\((.*)\)$")
_METRIC = re.compile(r"\b(poolcounter|process)_[a-z_]+|\bup\{")


def always(expression):
    """A condition as a number: 0 where it would give nothing."""
    return _COMPARISON.sub(r" \1 bool ", _ABSENT.sub(r"\1", expression))


def of_rules(rules):
    """Those of the rules that Prometheus has read."""
    return [always(rule["query"]) if rule["type"] == "alerting" else rule["query"] for rule in rules]


def of_dashboard():
    """Those of the panels and annotations, for all daemons and groups."""
    dashboard = json.loads((places.KIT / "dashboard.json").read_text())
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [always(annotation["expr"]) for annotation in dashboard["annotations"]["list"]]
    for variable, value in (("$instance", ".*"), ("$group", ".*"), ("$__rate_interval", "1m")):
        found = [query.replace(variable, value) for query in found]
    return found


def of_page():
    """Those of the page: what stands in backticks and names a metric."""
    text = re.sub(r"^```.*?^```", "", (places.KIT / "README.md").read_text(), flags=re.DOTALL | re.MULTILINE)
    spans = (span.replace("\\|", "|") for span in re.findall(r"`([^`]+)`", text))
    return [span for span in spans if _METRIC.search(span)]


def of_commands():
    """The paths of the admin interface that the page's commands ask for."""
    return re.findall(r"`admin '?(/[^'`]+)'?`", (places.KIT / "README.md").read_text())
