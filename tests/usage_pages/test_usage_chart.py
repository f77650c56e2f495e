"""The scale of a chart, where one reading is many times the others (C5)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.support.usage import SURPLUS, days_between, store, usage
from tests.support.usage_page import page_text, shape_counts, table_rows

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2026, 4, 1), date(2026, 4, 30)
WRONG = date(2026, 4, 15)
BEYOND = "Higher than the scale; see the table"


def heights(response) -> list[float]:
    bars = response.content.decode().split('<rect class="bar-0"')[1:]
    return [float(bar.partition('height="')[2].partition('"')[0]) for bar in bars if 'x="' in bar.partition("/>")[0]]


def store_month(claim, *, wrong_wh: int) -> None:
    """Store a month of 24 kWh a day, and a day of `wrong_wh` in each quarter hour."""
    days = [usage(day, wh=[wrong_wh if day == WRONG else 250] * 96) for day in days_between(FIRST, LAST)]
    store(claim.premise, *days)


def test_one_wrong_day_does_not_flatten_the_month(see, claim):
    """C5: its column is marked, and the table has its figure."""
    store_month(claim, wrong_wh=99_999)
    response = see("month", FIRST)
    assert shape_counts(response)["beyond"] == 1 and BEYOND in page_text(response)
    assert len(heights(response)) == 29 and min(heights(response)) > 100
    assert [row[1] for row in table_rows(response) if "15" in row[0]] == ["9599.904"]


@pytest.mark.control
def test_control_a_day_of_ten_times_the_others_is_on_the_scale(see, claim):
    """C5: the same page flattens the others then."""
    store_month(claim, wrong_wh=2500)
    response = see("month", FIRST)
    assert "beyond" not in shape_counts(response) and BEYOND not in page_text(response)
    assert len(heights(response)) == 30 and min(heights(response)) < 30


def test_a_quarter_hour_is_never_cut(see, claim):
    """C5: a car that charges takes many times what the house takes at night."""
    store(claim.premise, usage(FIRST, wh=[20] * 95 + [2900]))
    assert "beyond" not in shape_counts(see("day", FIRST))


def test_each_direction_has_its_own_highest_column(see, claim):
    """C5"""
    days = days_between(FIRST, FIRST + timedelta(days=9))
    store(
        claim.premise,
        *(usage(day, wh=[250] * 96) for day in days),
        *(usage(day, SURPLUS, wh=[9000 if day == FIRST else 100] * 96) for day in days),
    )
    response = see("month", FIRST)
    assert shape_counts(response)["beyond"] == 1 and shape_counts(response)["bar-0"] == 10
