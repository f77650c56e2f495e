"""Values that programs and people write a little differently, and those that must not be believed (D2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meters.models import UsageDay
from tests.factories import PremiseFactory
from tests.meters.usage_files import DAY, ESIID, HEADER, import_rows, row, rows, stored_day, text

pytestmark = pytest.mark.django_db

MIDNIGHT = ("00:00", "00:15")
LAST = ("23:45", "00:00")
CENTRAL = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    "kwh", [".58", "0.58", ".580", "0.5800", "00.58000", " .58 ", ".5800000000000001", ".5799999999999"]
)
def test_a_number_means_the_same_however_long_it_is(tmp_path, premise, kwh):
    """D2: zeros, and what a program's arithmetic adds at the end."""
    assert import_rows(tmp_path, row(MIDNIGHT, kwh))[1] == []
    assert stored_day(premise.pk).wh[0] == 580


@pytest.mark.parametrize("kwh", [".5801", ".58049", "9999.0001", "10000.00000", "1.2.3", "1,5"])
def test_a_number_of_more_decimals_is_not_rounded(tmp_path, premise, kwh):
    """D2."""
    (rejected,) = import_rows(tmp_path, row(MIDNIGHT, kwh))[1]
    assert rejected[1] in ("kwh", "kwh_limit", "columns")


@pytest.mark.parametrize(
    "times",
    [("00:00", "00:15"), ("0:00", "0:15"), ("00:00:00", "00:15:00"), (" 00:00 ", " 00:15 "), ("12:00 AM", "12:15 am"),
     ("12:00:00 AM", "12:15:00 AM"), ("00:00:00.000", "00:15:00.000")],
)  # fmt: skip
def test_a_time_may_have_seconds_or_am_and_pm(tmp_path, premise, times):
    """D2."""
    assert import_rows(tmp_path, row(times, "1"))[1] == []
    assert stored_day(premise.pk).wh[0] == 1000


@pytest.mark.parametrize("end", ["00:00", "24:00", "24:00:00", "12:00 AM"])
def test_the_last_interval_may_end_at_24_00(tmp_path, premise, end):
    """D2."""
    assert import_rows(tmp_path, row(("23:45", end), "1"), row(("11:45 PM", end), "1"))[1] == []
    assert stored_day(premise.pk).wh[95] == 1000


@pytest.mark.parametrize("start", ["00:00:07", "13:00 PM", "0:00 XM", "24:00", "00:60"])
def test_other_times_are_none(tmp_path, premise, start):
    """D2."""
    assert import_rows(tmp_path, row((start, "00:15")))[1] == [(2, "time")]


@pytest.mark.parametrize(
    "day",
    ["3/2/2026", "2026-03-02", "2026-3-2", "2026/03/02", "2026-03-02 00:00:00", "2026-03-02T00:00:00",
     "3/2/2026 0:00"],
)  # fmt: skip
@pytest.mark.parametrize(
    "revision",
    ["03/03/2026 06:18:33", "2026-03-03 06:18:33", "2026-03-03T06:18:33", "2026-03-03 06:18:33.000",
     "3/3/2026 6:18:33 AM"],
)  # fmt: skip
def test_dates_of_other_programs_are_read(tmp_path, premise, day, revision):
    """D2: as databases and spreadsheets write them."""
    line = row(MIDNIGHT, "1").replace("03/02/2026", day).replace("03/03/2026 06:18:33", revision)
    assert import_rows(tmp_path, line)[1] == []
    assert stored_day(premise.pk, DAY).revision_at.astimezone(CENTRAL) == datetime(
        2026, 3, 3, 6, 18, 33, tzinfo=CENTRAL
    )


@pytest.mark.parametrize(("flag", "is_estimated"), [("a", False), ("Actual", False), ("e", True), ("ESTIMATED", True)])
@pytest.mark.parametrize("direction", ["SURPLUS GENERATION", "surplus_generation", "Surplusgeneration"])
def test_flags_and_directions_may_be_in_any_case(tmp_path, premise, flag, is_estimated, direction):
    """D2."""
    assert import_rows(tmp_path, row(MIDNIGHT, "1", flag, direction=direction))[1] == []
    stored = UsageDay.objects.get()
    assert (stored.channel, stored.est is not None) == (1, is_estimated)


def test_empty_columns_at_the_end_are_left_out(tmp_path, premise):
    """D2: as a spreadsheet saves them, in the header, the rows or both; names may have spaces."""
    for header in (HEADER + ",", HEADER + ",,", HEADER, HEADER.replace("_", " ")):
        assert import_rows(tmp_path, content=text(*(line + ",," for line in rows()), header=header))[1] == []
    assert stored_day(premise.pk).wh == [*range(1, 97)]


@pytest.mark.parametrize("esiid", ["1.04437E+16", "1,04437E+16", "1.0443720009E+16", f"{ESIID}.0"])
def test_an_esiid_that_became_a_number_is_rejected_as_that(tmp_path, premise, esiid):
    """D2: what is left of it may be a neighbor's."""
    line = row(MIDNIGHT).replace(f"'{ESIID}", f'"{esiid}"')
    assert import_rows(tmp_path, line)[1] == [(2, "cut_esiid")]


@pytest.mark.parametrize("esiid", ["10443720002400000", "1008901000000000000000"])
def test_a_bare_esiid_that_ends_in_zeros_is_not_believed(tmp_path, esiid):
    """D2: a spreadsheet puts them in place of the last digits. With an apostrophe it is text, and right."""
    PremiseFactory(esiid=esiid)
    lines = rows(esiid=esiid)
    bare = [line.removeprefix("'") for line in lines]
    assert import_rows(tmp_path, *bare)[1] == [(line, "cut_esiid") for line in range(2, 98)]
    assert import_rows(tmp_path, *[f'="{esiid}"{line[len(esiid) :]}' for line in bare])[1] == []
    assert import_rows(tmp_path, *lines)[0].unchanged == 1
    assert import_rows(tmp_path, lines[0], *bare[1:])[1] == []


class TestDaysThatCannotBe:
    """D2: what is believed must be possible, or the truth would be kept out later."""

    def line(self, day: date, revision: str) -> str:
        return row(("04:00", "04:15"), day=day, revision=revision)

    def test_a_day_after_today_is_rejected(self, tmp_path, premise):
        today = datetime.now(CENTRAL).date()
        tomorrow = today + timedelta(days=1)
        revision = f"{today:%m/%d/%Y} 23:59:59"
        assert import_rows(tmp_path, self.line(today, revision), self.line(tomorrow, ""))[1] == [(3, "date_ahead")]

    def test_a_revision_more_than_a_day_ahead_is_rejected(self, tmp_path, premise):
        now = datetime.now(CENTRAL)
        near, far = now + timedelta(hours=20), now + timedelta(hours=30)
        lines = [self.line(DAY, f"{at:%m/%d/%Y %H:%M:%S}") for at in (near, far)]
        assert import_rows(tmp_path, *lines)[1] == [(3, "revision_ahead")]

    def test_a_revision_before_its_day_is_rejected(self, tmp_path, premise):
        lines = [self.line(DAY, "03/02/2026 00:00:00"), self.line(DAY, "03/01/2026 23:59:59")]
        assert import_rows(tmp_path, *lines)[1] == [(3, "revision_early")]

    def test_whole_days_are_checked_like_single_rows(self, tmp_path, premise):
        early = rows(revision="03/01/2026 23:59:59")
        assert {reason for _line, reason in import_rows(tmp_path, *early)[1]} == {"revision_early"}
        assert not UsageDay.objects.exists()
