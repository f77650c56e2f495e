"""Files as a TDSP would write them, line by line, without the code under test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from django.core.management import call_command

from meters.imports import ImportResult, RejectedRow, import_usage
from meters.usage.reader import DayReadings, stream_usage
from tests.support.races import together

ESIID = "10443720009000017"
OTHER_ESIID = "1008901000000000000102"
HEADER = (
    "ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH,ESTIMATED_ACTUAL,"
    "CONSUMPTION_SURPLUSGENERATION"
)
DAY, SPRING, FALL = date(2026, 3, 2), date(2026, 3, 8), date(2025, 11, 2)
REVISION = "03/03/2026 06:18:33"


def clock(first: int, last: int) -> list[str]:
    """Quarter hours from `first` to `last` as HH:MM, in quarters since midnight."""
    return [f"{quarter // 4 % 24:02}:{quarter % 4 * 15:02}" for quarter in range(first, last + 1)]


ORDINARY_TIMES = list(zip(clock(0, 95), clock(1, 96), strict=True))
FALL_TIMES = [
    *ORDINARY_TIMES[:8],
    ("02:00", "01:15"),
    ("01:15", "01:30"),
    ("01:30", "01:45"),
    ("01:45", "02:00"),
    *ORDINARY_TIMES[8:],
]


def row(
    times: tuple[str, str],
    kwh: str = ".145",
    flag: str = "A",
    *,
    day: date = DAY,
    esiid: str = ESIID,
    revision: str = REVISION,
    direction: str = "Consumption",
) -> str:
    return f"'{esiid},{day:%m/%d/%Y},{revision},{times[0]},{times[1]},{kwh},{flag},{direction}"


def rows(
    kwh: Sequence[str] | None = None,
    *,
    times: Sequence[tuple[str, str]] = ORDINARY_TIMES,
    day: date = DAY,
    esiid: str = ESIID,
    revision: str = REVISION,
    direction: str = "Consumption",
    flag: str = "A",
) -> list[str]:
    """A whole day: `kwh` in the order of `times`, blank where ''; `.001`, `.002`, ... by default."""
    values = kwh or [f"{n + 1:03}" for n in range(len(times))]
    values = values if kwh else ["." + value.rstrip("0") for value in values]
    return [
        row(label, value, flag if value else "", day=day, esiid=esiid, revision=revision, direction=direction)
        for label, value in zip(times, values, strict=True)
    ]


def spring_rows() -> list[str]:
    """The spring day as SMT prints it: 96 rows, the four from 02:00 to 03:00 blank."""
    printed = ["" if 8 <= n < 12 else ".2" for n in range(96)]
    return rows(printed, day=SPRING, revision="03/09/2026 08:37:54")


def text(*lines: str, header: str = HEADER) -> bytes:
    return "".join(line + "\n" for line in [header, *lines]).encode()


def import_rows(folder: Path, *lines: str, content: bytes | None = None) -> tuple[ImportResult, list[tuple[int, str]]]:
    """Load these rows; the result, and (line, code of the reason) of each rejected one."""
    result, rejections = import_file(folder, text(*lines) if content is None else content)
    assert all(rejection.file == str(folder / "usage.csv") for rejection in rejections)
    return result, [(rejection.line, rejection.reason.value) for rejection in rejections]


def import_file(folder: Path, content: bytes) -> tuple[ImportResult, list[RejectedRow]]:
    """Load a file of this content, packed or not."""
    path = folder / "usage.csv"
    path.write_bytes(content)
    rejections: list[RejectedRow] = []
    result = import_usage(path, rejections.append)
    return result, rejections


def export(capsysbinary, esiid: str, first: date, last: date, *options: str) -> bytes:
    """What `export_usage` writes to standard output."""
    capsysbinary.readouterr()
    call_command("export_usage", esiid, first.isoformat(), last.isoformat(), *options)
    return capsysbinary.readouterr().out


def stored_day(premise_id: int, day: date = DAY) -> DayReadings:
    (usage,) = stream_usage(premise_id, day, day)
    return usage


def import_together(loader: Callable[[Path], ImportResult], paths: Sequence[Path]) -> list[ImportResult]:
    """The results of loads at the same moment; raises what one of them raised."""
    results = []
    for result in together([partial(loader, path) for path in paths]):
        if isinstance(result, Exception):
            raise result
        results.append(result)
    return results
