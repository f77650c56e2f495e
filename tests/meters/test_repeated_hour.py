"""The repeated hour of the fall day is read however it is written; what stays open is rejected with the reason (D2)."""

from __future__ import annotations

import pytest

from meters.imports import Reason
from tests.meters.usage_files import FALL, FALL_TIMES, ORDINARY_TIMES, import_rows, rows, stored_day

pytestmark = pytest.mark.django_db

PRINTED = rows(times=FALL_TIMES, day=FALL)
EVERY_VALUE = [*range(1, 101)]
BEFORE, FIRST, SECOND, AFTER = PRINTED[:4], PRINTED[4:8], PRINTED[8:12], PRINTED[12:]
TWICE = [SECOND[0].replace("02:00,01:15", "01:00,01:15"), *SECOND[1:]]
PAIRS = [line for pair in zip(FIRST, TWICE, strict=True) for line in pair]


def by_start(line: str) -> str:
    return line.split(",")[3]


def by_end(line: str) -> str:
    return line.split(",")[4].replace("00:00", "24:00")


WAYS = {
    "as SMT prints it": PRINTED,
    "01:00 printed twice": [*BEFORE, *FIRST, *TWICE, *AFTER],
    "sorted by start": sorted(PRINTED, key=by_start),
    "sorted by end": sorted(PRINTED, key=by_end),
    "sorted, 01:00 printed twice": [*BEFORE, *PAIRS, *AFTER],
    "second hour first": [*BEFORE, *SECOND, *FIRST, *AFTER],
    "second hour at the end": [*BEFORE, *FIRST, *AFTER, *TWICE],
    "second hour alone at the top": [*SECOND, *BEFORE, *FIRST, *AFTER],
    "latest first": PRINTED[::-1],
    "latest first, 01:00 printed twice": [*BEFORE, *FIRST, *TWICE, *AFTER][::-1],
    "doubled": [*PRINTED, *PRINTED],
    "doubled, 01:00 printed twice": [*BEFORE, *FIRST, *TWICE, *AFTER] * 2,
    "each row doubled": [line for line in PRINTED for _time in range(2)],
}


@pytest.mark.parametrize("lines", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("spelling", ["SMT's", "a spreadsheet's"])
def test_every_row_is_stored_in_its_hour(tmp_path, premise, lines, spelling):
    """D2: read at once or row by row."""
    if spelling != "SMT's":
        lines = [line.replace("11/02/2025", "11/2/2025") for line in lines]
    result, rejected = import_rows(tmp_path, *lines)
    assert (result.new, rejected) == (1, [])
    assert stored_day(premise.pk, FALL).wh == EVERY_VALUE


def test_the_second_hour_may_come_in_another_file(tmp_path, premise):
    """D2: `01:15,01:30` again, after a file that had it before, is in the hour that is missing."""
    import_rows(tmp_path, *BEFORE, *FIRST, SECOND[0])
    result, _rejected = import_rows(tmp_path, *SECOND, *AFTER)
    assert (result.changed, stored_day(premise.pk, FALL).wh) == (1, EVERY_VALUE)


@pytest.mark.parametrize(
    ("lines", "open_rows"),
    [
        ([*AFTER[::-1], *PAIRS[::-1], *BEFORE[::-1]], 8),
        ([*BEFORE, FIRST[0], SECOND[0], FIRST[1], SECOND[1], FIRST[2], FIRST[3], *AFTER], 4),
    ],
    ids=["pairs, latest first", "one of two rows is missing"],
)
def test_a_row_that_may_be_of_either_hour_is_rejected_with_the_reason(tmp_path, premise, lines, open_rows):
    """D2: nothing is assumed where neither order nor count decides, and the reason is about the hours."""
    result, rejected = import_rows(tmp_path, *lines)
    assert result.rejected == {Reason.REPEATED_HOUR: open_rows} and len(rejected) == open_rows
    wh = stored_day(premise.pk, FALL).wh
    assert [value for value, right in zip(wh, EVERY_VALUE, strict=True) if value not in (None, right)] == []
    assert "the hour from 1 AM occurs twice" in str(Reason.REPEATED_HOUR.label)


def test_a_day_with_only_one_hour_is_the_first(tmp_path, premise):
    """D2: 96 rows, as a program prints that does not know of the repeated hour."""
    assert import_rows(tmp_path, *rows(times=ORDINARY_TIMES, day=FALL))[1] == []
    wh = stored_day(premise.pk, FALL).wh
    assert (wh[4:8], wh[8:12], wh[12]) == ([5, 6, 7, 8], [None] * 4, 9)
