"""The page of usage as a test reads it."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

from tests.support.usage import CONSUMPTION

EXACT = re.compile(r'<data value="([\d.]+)">[\d.,]+</data>')


def page_text(response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


def table_rows(response) -> list[list[str]]:
    """The table's body, cell by cell. An energy is as exact as in a file; the page shows it rounded."""
    body = response.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [
            unescape(re.sub(r"<[^>]*>", "", EXACT.sub(r"\1", cell)))
            for cell in re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", row)
        ]
        for row in re.findall(r"(?s)<tr>(.*?)</tr>", body)
    ]


def total_kwh(response, name: str) -> Decimal:
    found = re.search(rf"<dt>{name}</dt><dd>{EXACT.pattern} kWh</dd>", response.content.decode())
    assert found, f"no total of {name}"
    return Decimal(found[1])


def shape_counts(response) -> dict[str, int]:
    main = response.content.decode().partition("<main")[2]
    kinds = re.findall(r'<rect class="([\w-]+)"[^>]* x="', main)
    return {kind: kinds.count(kind) for kind in set(kinds)}


def sum_kwh(days, channel=CONSUMPTION) -> Decimal:
    return sum((Decimal(wh or 0) for one in days if one.channel == channel for wh in one.wh), Decimal(0)) / 1000
