"""An article that is expensive to parse, and the classification of the pages that readers get."""

import enum
import re

TITLE = "Michael Jackson"
ROW_TEMPLATE = "Template:Chart row"

_CELL = (
    "| {{{{#switch:{{{{#expr:({{{{{{1}}}}}}*{0}) mod 7}}}}"
    "|0=gold|1=silver|2=platinum|3={{{{#ifexpr:{{{{{{1}}}}}} mod {0} > 3|up {{{{#expr:{{{{{{1}}}}}}^2 mod {0}}}}}"
    "|down {{{{#expr:trunc({{{{{{1}}}}}}/{0})}}}}}}}}"
    "|#default={{{{#if:{{{{#ifeq:{{{{#expr:{{{{{{1}}}}}}+{0}}}}}|{0}|same|}}}}|same"
    "|{{{{#ifexpr:{{{{#expr:{{{{{{1}}}}}}*{0}+1}}}} > 500|{{{{#expr:round({{{{{{1}}}}}}*{0}/7,2)}}}}|few}}}}}}}}}}}}"
)
_POOL_ERROR = "Sorry, the servers are overloaded"
# MediaWiki's comment below a page that is out of date.
_STALE_REMARK = re.compile(r"<!-- parser cache is expired, sending anyway due to [a-z ]+-->")


class Page(enum.Enum):
    """The kinds of pages that a reader gets."""

    FULL = "full"
    STALE = "stale"
    ERROR = "error"
    BROKEN = "broken"


def row_template():
    """The template that makes a row: ten cells of nested parser functions."""
    cells = "\n".join(_CELL.format(number) for number in range(11, 21))
    return f'|- class="chart-row"\n{cells}\n'


def text(rows, edition):
    """The article's source."""
    body = "\n".join(f"{{{{Chart row|{number}}}}}" for number in range(rows))
    return f'Here begins edition {edition}.\n{{| class="wikitable"\n{body}\n|}}\nHere ends edition {edition}.\n'


def judge(status, body, rows, newest):
    """Classifies a page: the newest edition, an older one, MediaWiki's pool error, or something else."""
    begins = re.findall(r"Here begins edition (\d+)\.", body)
    ends = re.findall(r"Here ends edition (\d+)\.", body)
    whole = body.rstrip().endswith("</html>") and len(begins) == 1 and begins == ends
    if status == 200 and whole and body.count('class="chart-row"') == rows:
        old = int(begins[0]) != newest or _STALE_REMARK.search(body)
        return Page.STALE if old else Page.FULL
    if not begins and not ends and _POOL_ERROR in body:
        return Page.ERROR
    return Page.BROKEN
