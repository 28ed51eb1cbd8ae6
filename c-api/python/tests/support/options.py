"""The table of all clients' options."""

from __future__ import annotations

import re

from .daemon import WORKSPACE

NAME = re.compile(r"^`(\w+)`$")


def table(heading: str) -> list[dict[str, str]]:
    """The rows below a heading, by the names of the columns."""
    section = (WORKSPACE / "docs/options.md").read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = section.partition("\n| default |")[2].partition("\n\n")[0].splitlines()
    columns, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in [f"default |{lines[0]}", *lines[2:]]
    ]
    return [dict(zip(columns, row)) for row in rows]


def named(heading: str, column: str) -> dict[str, str]:
    """The options of a column, and their defaults."""
    found = ((NAME.match(row[column]), row["default"]) for row in table(heading))
    return {match[1]: default for match, default in found if match}
