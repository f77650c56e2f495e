"""Meter numbers by ESIID (D2)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meters.imports import FileError, ImportResult, RejectedRow, import_meters
from meters.models import Meter
from tests.factories import MeterFactory, PremiseFactory
from tests.meters.usage_files import ESIID, OTHER_ESIID, import_together

pytestmark = pytest.mark.django_db

HEADER = "ESIID,METER_NUMBER,INSTALLED_ON,SERVICE_SINCE"


def import_rows(folder: Path, *lines: str, header: str = HEADER) -> tuple[ImportResult, list[tuple[int, str]]]:
    path = folder / "meters.csv"
    path.write_text("\n".join([header, *lines]))
    rejections: list[RejectedRow] = []
    result = import_meters(path, rejections.append)
    return result, [(rejection.line, rejection.reason.value) for rejection in rejections]


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.rows, result.new, result.changed, result.unchanged


def on_record() -> dict[str, tuple[date | None, date | None]]:
    return {meter.number: (meter.installed_on, meter.removed_on) for meter in Meter.objects.all()}


def today() -> date:
    return datetime.now(ZoneInfo("America/Chicago")).date()


def test_numbers_are_stored_in_their_normal_form(tmp_path, premise, other_premise):
    """D2: without spaces, dashes and a single leading letter, upper case."""
    result, rejected = import_rows(
        tmp_path, f"'{ESIID},l104-051 941,2020-05-06,2024-02-01", f'"{OTHER_ESIID}",142606737lg,05/07/2020,'
    )
    assert (counts(result), rejected) == ((2, 2, 0, 0), [])
    assert on_record() == {"104051941": (date(2020, 5, 6), None), "142606737LG": (date(2020, 5, 7), None)}
    premise.refresh_from_db()
    other_premise.refresh_from_db()
    assert (premise.service_since, other_premise.service_since) == (date(2024, 2, 1), None)


def test_columns_are_found_by_name(tmp_path, premise):
    """D2: in any order, the optional ones left out."""
    assert import_rows(tmp_path, f"104051941,{ESIID}", header="meter_number, esiid")[1] == []
    assert on_record() == {"104051941": (None, None)}


def test_importing_again_changes_nothing(tmp_path, premise):
    """D2."""
    lines = [f"{ESIID},104051941,2020-05-06,2024-02-01"]
    import_rows(tmp_path, *lines)
    assert counts(import_rows(tmp_path, *lines)[0]) == (1, 0, 0, 1)
    assert counts(import_rows(tmp_path, f"{ESIID},104051941,,")[0]) == (1, 0, 0, 1)
    assert on_record() == {"104051941": (date(2020, 5, 6), None)}


def test_a_replaced_meter_is_removed_as_of_the_new_ones_installation(tmp_path, premise, other_premise):
    """D2: the file names the current meters; other premises keep theirs."""
    MeterFactory(premise=premise, number="1", installed_on=date(2010, 1, 1))
    MeterFactory(premise=other_premise, number="2")
    assert counts(import_rows(tmp_path, f"{ESIID},3,2025-06-01,")[0]) == (1, 1, 0, 0)
    assert on_record() == {
        "1": (date(2010, 1, 1), date(2025, 6, 1)),
        "2": (None, None),
        "3": (date(2025, 6, 1), None),
    }


def test_without_an_installation_day_the_old_meter_is_removed_today(tmp_path, premise):
    """D2: today in Central time."""
    MeterFactory(premise=premise, number="1")
    import_rows(tmp_path, f"{ESIID},3,,")
    assert on_record()["1"] == (None, today())


def test_a_meter_removed_without_replacement_is_removed_today(tmp_path, premise):
    """D2: the one that stays says nothing about the day."""
    MeterFactory(premise=premise, number="1", installed_on=date(2010, 1, 1))
    MeterFactory(premise=premise, number="2", installed_on=date(2012, 1, 1))
    import_rows(tmp_path, f"{ESIID},1,2010-01-01,")
    assert on_record()["2"] == (date(2012, 1, 1), today())


def test_a_meter_that_returns_is_current_again(tmp_path, premise):
    """D2."""
    MeterFactory(premise=premise, number="1", removed_on=date(2025, 1, 1))
    assert counts(import_rows(tmp_path, f"{ESIID},1,,")[0]) == (1, 0, 1, 0)
    assert on_record() == {"1": (None, None)}


def test_a_meter_that_was_exchanged_and_comes_back_has_two_stays(tmp_path, premise):
    """D2: A, then B, then A again: each stay has its own first and last day."""
    MeterFactory(premise=premise, number="1", installed_on=date(2010, 1, 1))
    import_rows(tmp_path, f"{ESIID},2,2025-07-01,")
    back = f"{ESIID},1,2025-08-01,"
    assert counts(import_rows(tmp_path, back)[0]) == (1, 0, 1, 0)
    stays = Meter.objects.order_by("installed_on").values_list("number", "installed_on", "removed_on")
    assert list(stays) == [
        ("1", date(2010, 1, 1), date(2025, 7, 1)),
        ("2", date(2025, 7, 1), date(2025, 8, 1)),
        ("1", date(2025, 8, 1), None),
    ]
    assert counts(import_rows(tmp_path, back)[0]) == (1, 0, 0, 1)
    assert Meter.objects.count() == 3


def test_a_meter_that_a_file_left_out_by_mistake_has_one_stay(tmp_path, premise):
    """D2: its INSTALLED_ON is before the removal, so it never left."""
    MeterFactory(premise=premise, number="1", installed_on=date(2010, 1, 1), removed_on=date(2025, 7, 1))
    import_rows(tmp_path, f"{ESIID},1,2010-01-01,")
    assert on_record() == {"1": (date(2010, 1, 1), None)}


def test_a_premise_may_have_several_meters(tmp_path, premise, other_premise):
    """D2: also if their rows are apart."""
    import_rows(tmp_path, f"{ESIID},1,,", f"{OTHER_ESIID},2,,", f"{ESIID},3,,")
    assert on_record() == {"1": (None, None), "2": (None, None), "3": (None, None)}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (f"{ESIID[:-1]},1,,", "esiid"),
        ("10443720009000018,1,,", "unknown_esiid"),
        (f"{ESIID},,,", "meter_number"),
        (f"{ESIID},12/34,,", "meter_number"),
        (f"{ESIID},{'1' * 21},,", "meter_number"),
        ("1.04437E+16,1,,", "cut_esiid"),
        (f"{ESIID}.0,1,,", "cut_esiid"),
        (f"{ESIID},1,2025-02-30,", "no_such_day"),
        (f"{ESIID},1,{date.today() + timedelta(days=2)},", "date_ahead"),
        (f"{ESIID},1,,{date.today() + timedelta(days=2)}", "date_ahead"),
        (f"{ESIID},1,,soon", "date"),
        (f"{ESIID},1,", "columns"),
        (f"{ESIID},1\0,,", "not_text"),
        (f'{ESIID},"1,,', "quotes"),
        (f"{OTHER_ESIID},7,,", "second_meter"),
        (f"{OTHER_ESIID},8,,2024-01-02", "second_service"),
    ],
)
def test_an_invalid_row_is_rejected_and_removes_no_meter(tmp_path, premise, other_premise, bad, reason):
    """D2: an unreadable row may have named the meter that seems to be missing."""
    MeterFactory(premise=premise, number="5")
    result, rejected = import_rows(tmp_path, f"{OTHER_ESIID},7,,2024-01-01", bad)
    assert rejected == [(3, reason)]
    assert counts(result) == (2, 1, 0, 0)
    assert on_record() == {"5": (None, None), "7": (None, None)}


def test_an_invalid_row_beside_a_good_one_removes_nothing_at_its_premise(tmp_path, premise):
    """D2: a typing error loses nothing."""
    MeterFactory(premise=premise, number="5")
    import_rows(tmp_path, f"{ESIID},6,,", f"{ESIID},5,not a day,")
    assert on_record() == {"5": (None, None), "6": (None, None)}


@pytest.mark.parametrize("header", ["", "ESIID", "ESIID,METER_NUMBER,INSTALLED", "ESIID,METER_NUMBER,ESIID"])
def test_an_unknown_header_is_rejected(tmp_path, premise, header):
    """D2: a misspelled column must not be ignored."""
    with pytest.raises(FileError, match="header"):
        import_rows(tmp_path, f"{ESIID},1", header=header)


def test_a_wrong_header_names_the_columns(tmp_path, premise):
    """D2: so that the cause is seen at once."""
    with pytest.raises(FileError, match=r"unexpected: METER; missing: METER_NUMBER"):
        import_rows(tmp_path, f"{ESIID},1", header="ESIID,Meter")


CUT_ESIIDS = ["10443720009000000", "10443720009100000"]


def test_a_file_whose_every_esiid_a_spreadsheet_cut_is_rejected(tmp_path):
    """D2: the meters would be put at a neighbor's. An apostrophe, or a whole ESIID, shows that none was cut."""
    for esiid in CUT_ESIIDS:
        PremiseFactory(esiid=esiid)
    bare = [f"{esiid},{n},," for n, esiid in enumerate(CUT_ESIIDS)]
    assert import_rows(tmp_path, *bare)[1] == [(2, "cut_esiid"), (3, "cut_esiid")]
    assert import_rows(tmp_path, bare[0])[1] == []
    assert import_rows(tmp_path, "'" + bare[0], bare[1])[1] == []


def test_empty_columns_at_the_end_are_left_out(tmp_path, premise):
    """D2: as a spreadsheet saves them."""
    assert import_rows(tmp_path, f"{ESIID},1,,", f"{ESIID},2", header="ESIID,Meter Number,,")[1] == []


@pytest.mark.django_db(transaction=True)
def test_simultaneous_imports_of_a_file_end_like_one(tmp_path, premise):
    """D2: each meter exists once."""
    path = tmp_path / "meters.csv"
    path.write_text("\n".join([HEADER, *(f"{ESIID},{n},," for n in range(1, 500))]))
    results = import_together(import_meters, [path] * 3)
    assert sorted(result.new for result in results) == [0, 0, 499]
