"""The metrics as Prometheus's text format has them."""

import re

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="([^"\\]*)"')


def types(text):
    """The type of each metric that is described."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def samples(text):
    """Triples of name, labels and value."""
    found = (_SAMPLE.match(line) for line in text.splitlines() if line and not line.startswith("#"))
    return [(match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])) for match in found]


def value(text, name, **labels):
    """The value of the only sample of this name and with these labels."""
    found = [value for other, theirs, value in samples(text) if other == name and theirs == labels]
    if len(found) != 1:
        raise AssertionError(f"{name} {labels} is there {len(found)} times")
    return found[0]
