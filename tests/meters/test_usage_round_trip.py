"""Imported usage is exported byte for byte (R3, D2)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meters.models import UsageDay
from meters.usage.interval_csv import HEADER, format_kwh, render_day
from meters.usage.reader import DayReadings, stream_usage
from tests.meters.usage_files import (
    DAY,
    ESIID,
    FALL,
    FALL_TIMES,
    OTHER_ESIID,
    SPRING,
    export,
    import_rows,
    row,
    rows,
    spring_rows,
    stored_day,
    text,
)
from tests.support import independent_csv
from tests.support.usage import usage

pytestmark = pytest.mark.django_db


def test_an_ordinary_day_is_exported_as_it_was_imported(tmp_path, capsysbinary, premise):
    """R3, D2: numbers of every shape, blanks and estimated readings among them."""
    kwh = [".145", ".14", ".1", "1", "1.234", "0", "", "9999", "10.05", ".001", *[".2"] * 86]
    lines = rows(kwh)
    lines[4] = lines[4].replace(",A,", ",E,")
    lines[95] = lines[95].replace(",A,", ",E,")
    result, rejected = import_rows(tmp_path, *lines)
    assert (result.rows, result.new, result.changed, result.unchanged, rejected) == (96, 1, 0, 0, [])
    assert export(capsysbinary, ESIID, DAY, DAY) == text(*lines)


def test_the_spring_day_is_exported_with_its_four_blank_rows(tmp_path, capsysbinary, premise):
    """R3: 96 rows are printed, 92 quarter hours are stored."""
    lines = spring_rows()
    assert import_rows(tmp_path, *lines)[1] == []
    assert export(capsysbinary, ESIID, SPRING, SPRING) == text(*lines)
    assert len(stored_day(premise.pk, SPRING).wh) == 92


def test_the_fall_day_is_exported_with_its_repeated_hour(tmp_path, capsysbinary, premise):
    """R3: the second pass begins with `02:00,01:15`."""
    lines = rows(times=FALL_TIMES, day=FALL, revision="11/03/2025 08:01:08")
    assert import_rows(tmp_path, *lines)[1] == []
    assert export(capsysbinary, ESIID, FALL, FALL) == text(*lines)
    assert stored_day(premise.pk, FALL).wh[7:13] == [8, 9, 10, 11, 12, 13]


def test_both_directions_and_two_premises_share_a_file(tmp_path, capsysbinary, premise, other_premise):
    """R3, D2: per day all Consumption rows, then all Surplus Generation rows."""
    solar = rows([".3"] * 96, direction="Surplus Generation")
    next_day = rows([".4"] * 96, day=DAY + timedelta(days=1), revision="03/04/2026 05:00:00")
    ours, others = [*rows(), *solar, *next_day], rows([".9"] * 96, esiid=OTHER_ESIID)
    result, rejected = import_rows(tmp_path, *ours, *others)
    assert (result.new, rejected) == (4, [])
    assert export(capsysbinary, ESIID, DAY, DAY + timedelta(days=1)) == text(*ours)
    assert export(capsysbinary, OTHER_ESIID, DAY, DAY) == text(*others)


def test_columns_are_found_by_name_in_any_order(tmp_path, capsysbinary, premise):
    """D2: as docs/file-formats.md has it."""
    order = [7, 5, 6, 4, 3, 0, 2, 1]
    turned = [",".join(line.split(",")[n] for n in order) for line in text(*rows()).decode().splitlines()]
    assert import_rows(tmp_path, content="\n".join(turned).encode())[1] == []
    assert export(capsysbinary, ESIID, DAY, DAY) == text(*rows())


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
        lambda content: content.replace(b"\n", b"\n\n"),
        lambda content: content + content[: content.index(b"\n") + 1],
        lambda content: content.replace(b",.001,", b",0.001,"),
        lambda content: content.replace(b",00:15,00:30,", b", 00:15, 00:30,"),
        lambda content: content.replace(b"Consumption\n", b'"Consumption"\n'),
    ],
    ids=["BOM", "CRLF", "no last LF", "blank lines", "header again", "leading zero", "spaced times", "quotes"],
)
def test_harmless_differences_are_read(tmp_path, capsysbinary, premise, change):
    """D2: none of these changes what the file says."""
    result, rejected = import_rows(tmp_path, content=change(text(*rows())))
    assert (result.rows, rejected) == (96, [])
    assert export(capsysbinary, ESIID, DAY, DAY) == text(*rows())


def test_the_bytes_are_those_of_an_independent_implementation():
    """R3: days of every shape against docs/file-formats.md written a second time by other means."""
    for day in [date(2026, 3, 7), SPRING, date(2026, 3, 9), FALL, date(2024, 2, 29)]:
        for channel in (0, 1):
            one = usage(day, channel, estimated=[0, 9, 91])
            ours = render_day(ESIID, day, one.revision_at, channel, one.wh, one.est)
            assert HEADER + ours == independent_csv.interval_csv(ESIID, [one])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.dictionaries(
        st.tuples(
            st.sampled_from([date(2024, 12, 31), date(2025, 1, 1), date(2025, 3, 9), FALL, SPRING]),
            st.sampled_from([0, 1]),
        ),
        st.tuples(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1)),
        min_size=1,
    )
)
def test_any_usage_goes_through_rendering_and_loading_unchanged(premise, days):
    """R3, D2: whatever the values, gaps, estimated readings and directions."""
    UsageDay.objects.all().delete()
    made = [_made(day, channel, *dice) for (day, channel), dice in sorted(days.items())]
    with TemporaryDirectory() as folder:
        content = HEADER + b"".join(render_day(ESIID, *_rendered(one)) for one in made)
        result, rejected = import_rows(Path(folder), content=content)
    assert (result.new, rejected) == (len(made), [])
    back = list(stream_usage(premise.pk, date(2024, 12, 1), date(2026, 12, 1)))
    assert back == made


def _made(day: date, channel: int, seed: int, gaps: float, estimated: float) -> DayReadings:
    dice = random.Random(seed)
    wh = [None if dice.random() < gaps else dice.choice([dice.randrange(9_999_001), 0, 1000]) for _ in usage(day).wh]
    present = [slot for slot, value in enumerate(wh) if value is not None and dice.random() < estimated]
    return usage(day, channel, wh=wh, estimated=present)


def _rendered(one: DayReadings) -> tuple:
    return one.day, one.revision_at, one.channel, one.wh, one.est


@given(st.integers(0, 9_999_999))
def test_numbers_are_printed_in_their_shortest_form(wh):
    """R3: up to three decimals, no leading zero, no trailing ones."""
    printed = format_kwh(wh)
    assert round(float(printed) * 1000) == wh
    assert printed == "0" or not printed.startswith("0")
    assert "." not in printed or (not printed.endswith("0") and len(printed.split(".")[1]) <= 3)


def test_a_day_with_the_wrong_number_of_slots_is_refused():
    """R3: 96 values are no spring day."""
    with pytest.raises(ValueError, match="92 quarter hours, not 96"):
        render_day(ESIID, SPRING, usage(SPRING).revision_at, 0, [1] * 96, None)


def test_an_export_without_usage_is_a_header_with_a_message(capsysbinary, premise):
    """R4"""
    with pytest.raises(CommandError, match="no usage") as refused:
        call_command("export_usage", ESIID, "2026-03-02", "03/03/2026")
    assert refused.value.returncode == 1
    assert capsysbinary.readouterr().out == text()


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["10443720009999999", "2026-03-02", "2026-03-02"], "not on record"),
        (["rubbish", "2026-03-02", "2026-03-02"], "not on record"),
        ([ESIID, "2026-02-30", "2026-03-02"], "is not a date"),
        ([ESIID, "2026-03-02", "tomorrow"], "is not a date"),
        ([ESIID, "2026-03-02", "2026-03-01"], "before the first"),
    ],
)
def test_an_impossible_export_is_refused_with_its_cause(premise, arguments, cause):
    """A2: each message names the cause."""
    with pytest.raises(CommandError, match=cause) as refused:
        call_command("export_usage", *arguments)
    assert refused.value.returncode == 2


def test_an_export_to_the_calendars_last_day_is_complete(tmp_path, capsysbinary, premise, monkeypatch):
    """R3."""
    monkeypatch.setattr("meters.usage.reader._DAYS_AT_ONCE", 100_000)  # or it takes 8,000 queries
    import_rows(tmp_path, *rows())
    assert export(capsysbinary, ESIID, DAY, date.max) == text(*rows())


def test_an_export_that_cannot_be_written_exits_with_2(tmp_path, premise, monkeypatch):
    """R3: its status is 2, and no traceback comes after it."""
    import_rows(tmp_path, *rows())
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        with pytest.raises(CommandError, match="can.t be written: No space left") as refused:
            call_command("export_usage", ESIID, "2026-03-02", "2026-03-02")
    assert refused.value.returncode == 2


def test_an_import_makes_missing_partitions(tmp_path, capsysbinary, premise):
    """D2"""
    line = row(("00:00", "00:15"), day=date(2009, 7, 4), revision="07/05/2009 06:00:00")
    assert import_rows(tmp_path, line)[1] == []
    assert len(export(capsysbinary, ESIID, date(2009, 7, 1), date(2009, 7, 31)).splitlines()) == 97
