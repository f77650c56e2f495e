"""Files of solar homes, whose rows alternate between the directions, are read like sorted ones (D2)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain

import pytest

from meters.imports import usage_rows
from meters.models import UsageDay
from tests.meters.usage_files import DAY, ESIID, FALL, FALL_TIMES, SPRING, import_rows, rows, spring_rows

pytestmark = pytest.mark.django_db

SURPLUS = "Surplus Generation"
ORDINARY = [DAY - timedelta(days=n) for n in range(20)]


def both(day: date) -> tuple[list[str], list[str]]:
    if day == SPRING:
        lines = spring_rows()
    elif day == FALL:
        lines = rows(times=FALL_TIMES, day=day)
    else:
        lines = rows(day=day)
    return lines, [line.replace("Consumption", SURPLUS).replace(",.0", ",.5") for line in lines]


def alternating(day: date) -> list[str]:
    return list(chain.from_iterable(zip(*both(day), strict=True)))


def in_fours(day: date) -> list[str]:
    used, fed_in = both(day)
    return [line for start in range(0, len(used), 4) for line in (*used[start : start + 4], *fed_in[start : start + 4])]


def stored() -> list[tuple]:
    return list(UsageDay.objects.order_by("day", "channel").values_list("day", "channel", "wh", "est"))


@pytest.mark.parametrize("order", [alternating, in_fours])
@pytest.mark.parametrize("days", [ORDINARY, [SPRING, FALL]], ids=["ordinary days", "days of clock changes"])
def test_any_mixture_is_read_at_once_and_stored_like_a_sorted_file(tmp_path, premise, monkeypatch, order, days):
    """D2: none of its rows is read alone."""
    import_rows(tmp_path, *(line for day in days for part in both(day) for line in part))
    expected = stored()
    assert len(expected) == 2 * len(days)
    UsageDay.objects.all().delete()
    monkeypatch.setattr(usage_rows.RowReader, "_read_rows", None)
    result, rejected = import_rows(tmp_path, *(line for day in days for line in order(day)))
    assert (result.new, result.changed, rejected) == (len(expected), 0, [])
    assert stored() == expected


def test_days_are_counted_once_where_a_batch_ends(tmp_path, premise, monkeypatch):
    """D2: also if a row of a day is missing, so that it is read row by row."""
    monkeypatch.setattr("meters.imports.usage.ROWS_AT_ONCE", 100)
    lines = [line for day in ORDINARY for line in alternating(day)[:-1]]
    result, rejected = import_rows(tmp_path, *lines)
    assert (result.new, result.changed, result.unchanged, rejected) == (40, 0, 0, [])
    result, rejected = import_rows(tmp_path, *lines)
    assert (result.new, result.changed, result.unchanged, rejected) == (0, 0, 40, [])


@pytest.mark.slow
def test_a_file_sorted_by_time_over_all_its_days_is_read(tmp_path, premise, monkeypatch):
    """D2: every day is in pieces, and counts once."""
    monkeypatch.setattr("meters.imports.usage.DAYS_AT_ONCE", 7)
    days = [rows(day=day) for day in ORDINARY]
    result, rejected = import_rows(tmp_path, *chain.from_iterable(zip(*days, strict=True)))
    assert (result.new, result.changed, result.unchanged, rejected) == (20, 0, 0, [])
    assert {tuple(wh) for _day, _channel, wh, _est in stored()} == {tuple(range(1, 97))}


def test_an_invalid_row_in_a_mixture_is_rejected_with_its_line(tmp_path, premise):
    """D2."""
    lines = alternating(DAY)
    lines[101] = lines[101].replace(",A,", ",?,")
    lines[150] = lines[150].replace(ESIID, "1")
    assert import_rows(tmp_path, *lines)[1] == [(103, "flag"), (152, "esiid")]
    used, fed_in = (usage.wh for usage in UsageDay.objects.order_by("channel"))
    assert (used[75], fed_in[50]) == (None, None) and used.count(None) == fed_in.count(None) == 1
