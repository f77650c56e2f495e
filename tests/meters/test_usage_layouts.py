"""Every layout of docs/file-formats.md is read with the same result (D2)."""

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
from tests.meters.usage_file_layouts import HEADER_2010, HEADER_2014, LAYOUTS
from tests.meters.usage_files import (
    DAY,
    ESIID,
    FALL,
    FALL_TIMES,
    SPRING,
    import_rows,
    row,
    rows,
    spring_rows,
    stored_day,
    text,
)
from tests.support.usage import usage

pytestmark = pytest.mark.django_db

EVERY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
MIDNIGHT = ("00:00", "00:15")


@pytest.mark.slow
@EVERY_LAYOUT
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.dictionaries(
        st.tuples(st.sampled_from([date(2024, 12, 31), date(2025, 1, 1), FALL, SPRING]), st.sampled_from([0, 1])),
        st.tuples(st.integers(0, 2**32), st.sampled_from([0, 0, 0.1, 1]), st.sampled_from([0, 0, 0.1, 1])),
        min_size=1,
    )
)
def test_any_usage_survives_printing_and_importing(premise, layout, days):
    """R3, D2: gaps, estimated readings, both directions and every shape of day, as far as the layout carries them."""
    UsageDay.objects.all().delete()
    made = [_made(*key, *dice) for key, dice in sorted(days.items()) if layout.has_surplus or key[1] == 0]
    content = HEADER + b"".join(
        render_day(ESIID, one.day, one.revision_at, one.channel, one.wh, one.est) for one in made
    )
    with TemporaryDirectory() as folder:
        result, rejected = import_rows(Path(folder), content=layout.write(content))
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
def test_the_fast_reader_stores_the_same_as_reading_row_by_row(tmp_path, premise, layout, monkeypatch):
    """D2: both store the same; a spreadsheet's file is always read row by row."""
    content = layout.write(_three_shapes(layout.has_surplus))
    taken = []
    take = printed_days.PrintedDayReader.read_days

    def watched(self, *args):
        days = take(self, *args)
        taken.append(bool(days))
        return days

    monkeypatch.setattr(printed_days.PrintedDayReader, "read_days", watched)
    import_rows(tmp_path, content=content)
    quick = list(stream_usage(premise.pk, date(2025, 1, 1), date(2026, 12, 31)))
    assert any(taken) == layout.has_seconds and len(quick) == (6 if layout.has_surplus else 3)
    UsageDay.objects.all().delete()
    monkeypatch.setattr(printed_days.PrintedDayReader, "read_days", lambda *args: [])
    import_rows(tmp_path, content=content)
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
        return import_rows(folder, content=_undated(*kwh))

    def test_never_replaces_a_dated_one(self, tmp_path, premise):
        import_rows(tmp_path, *rows(["2"] * 96, revision="03/02/2026 00:00:00"))
        result, rejected = self.old(tmp_path, "1", "1")
        assert (result.superseded, result.unchanged, rejected) == (2, 0, [])
        assert stored_day(premise.pk).wh == [2000] * 96

    def test_is_replaced_by_any_dated_one(self, tmp_path, premise):
        self.old(tmp_path, "1", "1")
        import_rows(tmp_path, *rows(["2"] * 96, revision="03/02/2026 00:00:00"))
        assert stored_day(premise.pk).wh == [2000] * 96

    def test_stays_and_has_its_gaps_filled_by_another_one(self, tmp_path, premise):
        self.old(tmp_path, "1", "")
        self.old(tmp_path, "3", "3", "3")
        assert stored_day(premise.pk).wh[:4] == [1000, 3000, 3000, None]
        result, rejected = self.old(tmp_path, "4", "4", "4")
        assert (result.unchanged, result.contradicted) == (0, 3)
        assert rejected == [(line, "other_value") for line in (2, 3, 4)]
        assert stored_day(premise.pk).wh[:4] == [1000, 3000, 3000, None]

    def test_is_printed_without_a_revision_and_read_again(self, tmp_path, premise):
        self.old(tmp_path, *["1"] * 96)
        one = stored_day(premise.pk)
        printed = HEADER + render_day(ESIID, one.day, one.revision_at, one.channel, one.wh, one.est)
        assert printed.splitlines()[1] == f"'{ESIID},03/02/2026,,00:00,00:15,1,A,Consumption".encode()
        result, rejected = import_rows(tmp_path, content=printed)
        assert (result.unchanged, rejected) == (1, [])

    def test_is_older_than_a_dated_one_in_the_same_file(self, tmp_path, premise):
        undated = [row(MIDNIGHT, "9", revision=""), row(("00:15", "00:30"), "9", revision="")]
        assert import_rows(tmp_path, *undated, row(MIDNIGHT, "1"))[1] == []
        assert stored_day(premise.pk).wh[:3] == [1000, 9000, None]


def _undated(*kwh: str) -> bytes:
    times = [(f"{n // 4:02}:{n % 4 * 15:02}", f"{(n + 1) // 4 % 24:02}:{(n + 1) % 4 * 15:02}") for n in range(96)]
    lines = [
        f"{ESIID},2026-03-02, {start}, {end}, {value},{'A' if value else ''}"
        for (start, end), value in zip(times, kwh, strict=False)
    ]
    return text(*lines, header=HEADER_2010)


def test_a_revision_without_seconds_has_zero_seconds(tmp_path, premise):
    """D2: a spreadsheet's file never replaces the original."""
    import_rows(tmp_path, row(MIDNIGHT, revision="3/3/2026 6:18"))
    assert stored_day(premise.pk).revision_at.astimezone(UTC).isoformat() == "2026-03-03T12:18:00+00:00"


@pytest.mark.parametrize("header", [HEADER_2014, HEADER_2010])
def test_columns_of_the_old_layouts_are_found_in_any_order(tmp_path, premise, header):
    """D2."""
    lines = _undated("1", "2").decode().splitlines()[1:]
    turned = [",".join(reversed((line + ",Consumption" * (header == HEADER_2014)).split(","))) for line in lines]
    content = text(*turned, header=",".join(reversed(header.split(","))))
    assert import_rows(tmp_path, content=content)[1] == []
    assert stored_day(premise.pk).wh[:3] == [1000, 2000, None]


def test_generation_is_a_direction_of_one_layout_only(tmp_path, premise):
    """D2: the other layouts have no such label."""
    old = f"{ESIID},2026-03-02, 00:00, 00:15, 000000000000007.980,A,Generation"
    assert import_rows(tmp_path, content=text(old, header=HEADER_2014))[1] == []
    assert UsageDay.objects.get().channel == 1
    assert import_rows(tmp_path, row(MIDNIGHT, direction="Generation"))[1] == [(2, "direction")]


@pytest.mark.parametrize("change", [".1451", "1e1", "٣", "+1", "--", "1,", " "])
def test_the_fast_reader_accepts_no_invalid_row(tmp_path, premise, change):
    """D2: of a day with one invalid number only that row is rejected."""
    lines = rows()
    lines[40] = lines[40].replace(",.041,A", f",{change},A")
    rejected = import_rows(tmp_path, *lines)[1]
    assert [line for line, _reason in rejected] == [42]
    wh = stored_day(premise.pk).wh
    assert (wh[40], [*wh[:40], *wh[41:]]) == (None, [*range(1, 41), *range(42, 97)])


def test_a_repeated_day_is_rejected_row_by_row(tmp_path, premise):
    """D2: also if both are complete."""
    rejected = import_rows(tmp_path, *rows(), *rows(["9"] * 96))[1]
    assert rejected == [(line, "second_value") for line in range(98, 194)]
    assert stored_day(premise.pk).wh == [*range(1, 97)]


def test_days_that_span_two_chunks_of_the_file_are_read(tmp_path, premise):
    """D2: files of several windows, with and without a last line end."""
    days = [DAY - timedelta(days=n) for n in range(60)]
    content = text(*(line for day in days for line in rows(day=day)))
    result, rejected = import_rows(tmp_path, content=content.removesuffix(b"\n"))
    assert (result.rows, result.new, rejected) == (60 * 96, 60, [])
