"""Every layout of docs/file-formats.md is read, and says the same (D2)."""

from __future__ import annotations

import random
from datetime import UTC, date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meters.imports import printed_days
from meters.models import UsageDay
from meters.usage.interval_csv import HEADER, render_day
from meters.usage.reader import UNDATED, DayReadings, stream_usage
from tests.meters.files import DAY, ESIID, FALL, FALL_TIMES, SPRING, load, row, rows, spring_rows, stored, text
from tests.meters.layouts import HEADER_2010, HEADER_2014, LAYOUTS
from tests.support.usage import usage

pytestmark = pytest.mark.django_db

EVERY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
MIDNIGHT = ("00:00", "00:15")


@EVERY_LAYOUT
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.dictionaries(
        st.tuples(st.sampled_from([date(2024, 12, 31), date(2025, 1, 1), FALL, SPRING]), st.sampled_from([0, 1])),
        st.tuples(st.integers(0, 2**32), st.sampled_from([0, 0, 0.1, 1]), st.sampled_from([0, 0, 0.1, 1])),
        min_size=1,
    )
)
def test_any_usage_goes_through_report_and_loader_unchanged(premise, layout, days):
    """R3, D2: gaps, estimated readings, both directions and every shape of day, as far as the layout carries them."""
    UsageDay.objects.all().delete()
    made = [_made(*key, *dice) for key, dice in sorted(days.items()) if layout.has_surplus or key[1] == 0]
    content = HEADER + b"".join(
        render_day(ESIID, one.day, one.revision_at, one.channel, one.wh, one.est) for one in made
    )
    with TemporaryDirectory() as folder:
        result, rejected = load(Path(folder), content=layout.write(content))
    assert (result.new, rejected) == (len(made), [])
    back = list(stream_usage(premise.pk, date(2024, 12, 1), date(2026, 12, 1)))
    assert back == [_carried(one, layout) for one in made]


def _made(day, channel, seed, gaps, estimated) -> DayReadings:
    dice = random.Random(seed)
    wh = [None if dice.random() < gaps else dice.choice([dice.randrange(9_999_001), 0, 1000]) for _ in usage(day).wh]
    marked = [slot for slot, value in enumerate(wh) if value is not None and dice.random() < estimated]
    return usage(day, channel, wh=wh, estimated=marked)


def _carried(one, layout) -> DayReadings:
    if not layout.has_revision:
        return one._replace(revision_at=UNDATED)
    return one if layout.has_seconds else one._replace(revision_at=one.revision_at.replace(second=0))


@EVERY_LAYOUT
def test_days_written_as_smt_does_take_the_quick_way_and_the_same_row_by_row(tmp_path, premise, layout, monkeypatch):
    """D2: both ways store the same; a spreadsheet's file has only the slow one."""
    content = layout.write(_three_shapes(layout.has_surplus))
    taken = []
    take = printed_days.PrintedDayReader.read_day

    def watched(self, *args):
        day = take(self, *args)
        taken.append(day is not None)
        return day

    monkeypatch.setattr(printed_days.PrintedDayReader, "read_day", watched)
    load(tmp_path, content=content)
    quick = list(stream_usage(premise.pk, date(2025, 1, 1), date(2026, 12, 31)))
    assert any(taken) == layout.has_seconds and len(quick) == (6 if layout.has_surplus else 3)
    UsageDay.objects.all().delete()
    monkeypatch.setattr(printed_days.PrintedDayReader, "read_day", lambda *args: None)
    load(tmp_path, content=content)
    assert list(stream_usage(premise.pk, date(2025, 1, 1), date(2026, 12, 31))) == quick


def _three_shapes(both: bool) -> bytes:
    lines = []
    for direction in ["Consumption", "Surplus Generation"][: 2 if both else 1]:
        fall = rows(times=FALL_TIMES, day=FALL, revision="11/03/2025 08:01:08", direction=direction, flag="E")
        spring = [line.replace("Consumption", direction) for line in spring_rows()]
        lines += [*fall, *rows(["", *[".5"] * 95], direction=direction), *spring]
    return text(*lines)


class TestUsageWithoutARevision:
    """D2, ADR 8."""

    def old(self, folder, *kwh: str):
        return load(folder, content=_undated(*kwh))

    def test_never_replaces_a_dated_one(self, tmp_path, premise):
        load(tmp_path, *rows(["2"] * 96, revision="01/01/2007 00:00:00"))
        result, rejected = self.old(tmp_path, "1", "1")
        assert (result.unchanged, rejected) == (1, [])
        assert stored(premise.pk).wh == [2000] * 96

    def test_is_replaced_by_any_dated_one(self, tmp_path, premise):
        self.old(tmp_path, "1", "1")
        load(tmp_path, *rows(["2"] * 96, revision="01/01/2007 00:00:00"))
        assert stored(premise.pk).wh == [2000] * 96

    def test_stays_when_another_one_comes_which_fills_its_gaps(self, tmp_path, premise):
        self.old(tmp_path, "1", "")
        self.old(tmp_path, "3", "3", "3")
        assert stored(premise.pk).wh[:4] == [1000, 3000, 3000, None]
        assert self.old(tmp_path, "4", "4", "4")[0].unchanged == 1

    def test_is_printed_without_one_and_read_again(self, tmp_path, premise):
        self.old(tmp_path, *["1"] * 96)
        one = stored(premise.pk)
        printed = HEADER + render_day(ESIID, one.day, one.revision_at, one.channel, one.wh, one.est)
        assert printed.splitlines()[1] == f"'{ESIID},03/02/2026,,00:00,00:15,1,A,Consumption".encode()
        result, rejected = load(tmp_path, content=printed)
        assert (result.unchanged, rejected) == (1, [])

    def test_may_not_stand_beside_a_dated_one_in_a_file(self, tmp_path, premise):
        rejected = load(tmp_path, *rows()[:1], row(("00:15", "00:30"), revision=""))[1]
        assert rejected == [(3, "second_revision")]


def _undated(*kwh: str) -> bytes:
    times = [(f"{n // 4:02}:{n % 4 * 15:02}", f"{(n + 1) // 4 % 24:02}:{(n + 1) % 4 * 15:02}") for n in range(96)]
    lines = [
        f"{ESIID},2026-03-02, {start}, {end}, {value},{'A' if value else ''}"
        for (start, end), value in zip(times, kwh, strict=False)
    ]
    return text(*lines, header=HEADER_2010)


def test_a_revision_without_seconds_is_the_minutes_beginning(tmp_path, premise):
    """D2: what a spreadsheet saved never replaces the original."""
    load(tmp_path, row(MIDNIGHT, revision="3/3/2026 6:18"))
    assert stored(premise.pk).revision_at.astimezone(UTC).isoformat() == "2026-03-03T12:18:00+00:00"


@pytest.mark.parametrize("header", [HEADER_2014, HEADER_2010])
def test_columns_of_the_old_layouts_are_found_in_any_order(tmp_path, premise, header):
    """D2."""
    lines = _undated("1", "2").decode().splitlines()[1:]
    turned = [",".join(reversed((line + ",Consumption" * (header == HEADER_2014)).split(","))) for line in lines]
    content = text(*turned, header=",".join(reversed(header.split(","))))
    assert load(tmp_path, content=content)[1] == []
    assert stored(premise.pk).wh[:3] == [1000, 2000, None]


def test_generation_is_a_direction_of_its_own_layout_only(tmp_path, premise):
    """D2: docs/file-formats.md knows no such label in the others."""
    old = f"{ESIID},2026-03-02, 00:00, 00:15, 000000000000007.980,A,Generation"
    assert load(tmp_path, content=text(old, header=HEADER_2014))[1] == []
    assert UsageDay.objects.get().channel == 1
    assert load(tmp_path, row(MIDNIGHT, direction="Generation"))[1] == [(2, "direction")]


@pytest.mark.parametrize("change", [".1450", "1e1", "٣", "+1", "--", "1,", " "])
def test_the_quick_way_lets_nothing_through(tmp_path, premise, change):
    """D2: a whole day with one bad number goes row by row, and only that row is turned away."""
    lines = rows()
    lines[40] = lines[40].replace(",.041,A", f",{change},A")
    rejected = load(tmp_path, *lines)[1]
    assert [line for line, _reason in rejected] == [42]
    wh = stored(premise.pk).wh
    assert (wh[40], [*wh[:40], *wh[41:]]) == (None, [*range(1, 41), *range(42, 97)])


def test_a_day_twice_in_a_file_is_a_second_value_in_each_row(tmp_path, premise):
    """D2: also where both are whole."""
    rejected = load(tmp_path, *rows(), *rows(["9"] * 96))[1]
    assert rejected == [(line, "second_value") for line in range(98, 194)]
    assert stored(premise.pk).wh == [*range(1, 97)]


def test_whole_days_of_many_premises_are_read_over_the_edges_of_what_is_read_at_once(tmp_path, premise):
    """D2: files of several windows, with and without a last line end."""
    days = [DAY - timedelta(days=n) for n in range(60)]
    content = text(*(line for day in days for line in rows(day=day)))
    result, rejected = load(tmp_path, content=content.removesuffix(b"\n"))
    assert (result.rows, result.new, rejected) == (60 * 96, 60, [])
