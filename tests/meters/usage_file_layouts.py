"""Each layout of docs/file-formats.md, made out of SMT's own rows by text alone, without the code under test."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

HEADER_2014 = "ESIID,USAGE_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL,CONSUMPTION_GENERATION"
HEADER_2010 = HEADER_2014.removesuffix(",CONSUMPTION_GENERATION")


class Layout(NamedTuple):
    """`write` turns a file of the main layout into this one; what it cannot carry is said beside it."""

    write: Callable[[bytes], bytes]
    has_revision: bool = True
    has_seconds: bool = True
    has_surplus: bool = True


def main(content: bytes) -> bytes:
    return content


def _rewritten(change: Callable[[list[str]], list[str]], header: str | None = None, end: str = "\n"):
    def write(content: bytes) -> bytes:
        first, *lines = content.decode().splitlines()
        written = [header or first, *(",".join(change(line.split(","))) for line in lines)]
        return "".join(line + end for line in written).encode()

    return write


def _decimals(kwh: str) -> str:
    return kwh and f"{float(kwh):.3f}"


def _iso(day: str) -> str:
    return datetime.strptime(day, "%m/%d/%Y").date().isoformat()


def _emailed(f: list[str]) -> list[str]:
    kwh = f[5] if not f[5].startswith(".") else "0" + f[5]
    return [*f[:3], " " + f[3], " " + f[4], kwh, *f[6:]]


def _fixed(f: list[str]) -> list[str]:
    return [*f[:5], _decimals(f[5]), *f[6:]]


def _spreadsheet(f: list[str]) -> list[str]:
    day = re.sub(r"\b0(?=[0-9])", "", f[1])
    date, _, clock = f[2].partition(" ")
    date = re.sub(r"\b0(?=[0-9])", "", date)
    revision = f"{date} {clock[:-3].removeprefix('0')}" if clock else ""
    kwh = f[5] if not f[5].startswith(".") else "0" + f[5]
    return [f[0], day, revision, f[3].removeprefix("0"), f[4].removeprefix("0"), kwh, *f[6:]]


def _2014(f: list[str]) -> list[str]:
    kwh = f[5] and f" {float(f[5]):019.3f}"
    return [f[0].removeprefix("'"), _iso(f[1]), " " + f[3], " " + f[4], kwh, *f[6:]]


def spreadsheet(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + _rewritten(_spreadsheet, end="\r\n")(content)


def spreadsheet_without_apostrophe(content: bytes) -> bytes:
    return spreadsheet(content).replace(b"\r\n'", b"\r\n")


LAYOUTS = {
    "main": Layout(main),
    "emailed": Layout(_rewritten(_emailed)),
    "fixed decimals": Layout(_rewritten(_fixed)),
    "spreadsheet": Layout(spreadsheet, has_seconds=False),
    "spreadsheet, bare ESIID": Layout(spreadsheet_without_apostrophe, has_seconds=False),
    "label without space": Layout(lambda content: content.replace(b"Surplus Generation", b"SurplusGeneration")),
    "CRLF": Layout(lambda content: content.replace(b"\n", b"\r\n")),
    "2014 to 2019": Layout(_rewritten(_2014, HEADER_2014), has_revision=False),
    "2010 to 2012": Layout(_rewritten(lambda f: _2014(f)[:-1], HEADER_2010), has_revision=False, has_surplus=False),
}
