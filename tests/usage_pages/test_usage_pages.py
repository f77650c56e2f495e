"""A customer's own meters and usage, as the pages show them (C5)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from tests.factories import (
    CustomerFactory,
    EsiidClaimFactory,
    MembershipFactory,
    MeterFactory,
    OperatorFactory,
    PremiseFactory,
)
from tests.look.test_pages import whole
from tests.support.accepted_agreements import CENTRAL
from tests.support.usage import CONSUMPTION, SURPLUS, every_day, store, usage
from tests.support.usage_page import page_text, shape_counts, sum_kwh, table_rows, total_kwh

pytestmark = pytest.mark.django_db

SPRING, FALL = date(2026, 3, 8), date(2025, 11, 2)


# --- What is shown ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "first", "last", "count"),
    [
        ("day", date(2026, 2, 3), date(2026, 2, 3), 96),
        ("week", date(2026, 2, 1), date(2026, 2, 7), 7),  # Sunday to Saturday
        ("month", date(2026, 2, 1), date(2026, 2, 28), 28),
        ("year", date(2026, 1, 1), date(2026, 3, 31), 3),  # the days that are on record
    ],
)
def test_each_view_sums_its_own_days_and_no_other(see, claim, view, first, last, count):
    """C5, A3: days, weeks from Sunday, months and years of the Central calendar; both directions."""
    store(claim.premise, *every_day(date(2025, 12, 20), date(2026, 3, 31), CONSUMPTION, SURPLUS))
    response = see(view, date(2026, 2, 3))
    days = every_day(first, last, CONSUMPTION, SURPLUS)
    assert total_kwh(response, "Consumption") == sum_kwh(days)
    assert total_kwh(response, "Surplus generation") == sum_kwh(days, SURPLUS)
    found = [row for row in table_rows(response) if row[1] != "–"]
    assert len(found) == count
    assert sum(Decimal(row[1].replace(",", "")) for row in found) == sum_kwh(days)
    assert sum(Decimal(row[2].replace(",", "")) for row in found) == sum_kwh(days, SURPLUS)


def test_energy_is_rounded_but_for_quarter_hours(see, claim):
    """C5: three decimals are for files and for 15 minutes."""
    store(claim.premise, usage(date(2026, 6, 1), wh=[1234] * 96))
    assert "118.5 kWh" in page_text(see("week", "2026-06-01"))
    assert ">118.5</data></td>" in see("week", "2026-06-01").content.decode()
    assert ">1.234</data></td>" in see("day", "2026-06-01").content.decode()


def test_by_default_it_shows_the_month_of_the_latest_readings(see, claim):
    """C5"""
    store(claim.premise, *every_day(date(2026, 4, 20), date(2026, 5, 9)))
    text = page_text(see())
    assert "May 2026" in text and "Sat, May 9" in text
    assert "← April 2026" in text and "June 2026" not in text


def test_a_url_without_a_day_shows_the_latest_readings(see, client, claim):
    """C5: nobody is told to choose a day who only named the kind of view."""
    store(claim.premise, *every_day(date(2026, 4, 28), date(2026, 5, 4)))
    see()
    for query, title in (
        ({"view": "year"}, "2026"),
        ({"view": "day"}, "May 4, 2026"),
        ({"day": "2026-04-29"}, "Ap"),
    ):
        response = client.get(reverse("meter_usage", args=[claim.pk]), query)
        assert "There is a problem" not in page_text(response)
        assert f'<h2 id="span-title">{title}' in response.content.decode()


def test_previous_and_next_lead_to_the_neighbors_and_end_where_the_record_ends(see, claim):
    """C5"""
    store(claim.premise, *every_day(date(2026, 4, 28), date(2026, 5, 4)))
    for view, day, before, after in (
        ("day", "2026-05-01", "2026-04-30", "2026-05-02"),
        ("day", "2026-04-28", None, "2026-04-29"),
        ("day", "2026-05-04", "2026-05-03", None),
        ("month", "2026-05-03", "2026-04-01", None),
        ("year", "2026-05-03", None, None),
    ):
        html = see(view, day).content.decode()
        for rel, expected in (("prev", before), ("next", after)):
            found = re.search(rf'rel="{rel}" href="[^"]*view={view}&day=([\d-]+)"', unescape(html))
            assert (found[1] if found else None) == expected, (view, day, rel)


@pytest.mark.parametrize(("day", "slots"), [(SPRING, 92), (FALL, 100)])
def test_the_days_on_which_clocks_change_have_the_quarter_hours_that_were(see, claim, day, slots):
    """C5, A3: nothing is missing, no time comes twice under one name, and the page says what the clocks did."""
    store(claim.premise, usage(day))
    response = see("day", day)
    names = [row[0] for row in table_rows(response)]
    assert len(names) == len(set(names)) == slots
    assert "All readings received." in page_text(response)
    if day == FALL:
        assert "1:45 AM CDT to 1:00 AM CST" in names
        assert "25 hours" in page_text(response)
    else:
        assert "1:45 AM to 3:00 AM" in names
        assert "23 hours" in page_text(response)


def test_a_day_begins_at_central_midnight(see, claim):
    """A3"""
    store(claim.premise, usage(date(2026, 7, 4), wh=[1000] + [0] * 94 + [2000]))
    found = table_rows(see("day", date(2026, 7, 4)))
    assert found[0][:2] == ["12:00 AM to 12:15 AM", "1.000"]
    assert found[-1][:2] == ["11:45 PM to 12:00 AM", "2.000"]


def test_estimated_and_missing_readings_are_marked(see, claim):
    """C5, A1: in words, and in the chart by a pattern that is no bar's colour."""
    day = date(2026, 6, 2)
    store(
        claim.premise,
        usage(day - timedelta(days=1)),
        usage(day, wh=[None] * 4 + [100] * 92, estimated=range(10, 22)),
        usage(day + timedelta(days=2)),
    )
    month = see("month", day)
    found = {row[0]: row for row in table_rows(month)}
    assert found["Mon, June 1"][2] == "All actual"
    assert found["Tue, June 2"][1:] == ["9.200", "4 missing, 12 estimated"]
    assert found["Wed, June 3"][1:] == ["–", "No readings"]
    assert shape_counts(month)["estimated-0"] == 1
    html = month.content.decode()
    assert 'fill="url(#missing)"' in html and 'fill="url(#estimated-0)"' in html
    assert "Consumption, estimated" in page_text(month) and "No readings, or some missing" in page_text(month)

    quarter_hours = table_rows(see("day", day))
    assert [row[1:] for row in quarter_hours[3:5]] == [["–", "No readings"], ["0.100", "All actual"]]
    assert quarter_hours[10][2] == "1 estimated"
    assert shape_counts(see("day", day)) == {"missing": 1, "bar-0": 80, "estimated-0": 12}


def test_intervals_of_a_solar_home_are_counted_by_direction(see, claim):
    """C5: 96 a day of each, not 192 of one."""
    store(claim.premise, usage(date(2026, 6, 1)), usage(date(2026, 6, 1), SURPLUS, wh=[5] * 90 + [None] * 6))
    text = page_text(see("day", "2026-06-01"))
    assert "Consumption: All readings received." in text
    assert "Surplus generation: 90 of 96 readings received, 6 missing." in text


def test_the_scale_has_room_for_its_longest_label(see, claim):
    """C5, A1: a data center's month."""
    store(claim.premise, *[usage(date(2026, 6, day), wh=[9_000_000] * 96) for day in range(1, 31)])
    scale = see("year", "2026-06-01").content.decode().partition('class="chart-scale"')[2].partition("</svg>")[0]
    longest = max(re.findall(r">([\d,]+)</text>", scale), key=len)
    assert len(longest) == 10
    assert int(re.search(r'width="(\d+)"', scale)[1]) >= 7 * len(longest)


def test_the_estimated_part_of_a_bar_has_the_height_of_its_readings(see, claim):
    """C5: 30 of 120 kWh."""
    day = date(2026, 6, 2)
    store(claim.premise, usage(day, wh=[1250] * 96, estimated=range(24)))
    heights = dict(
        re.findall(r'<rect class="(bar-0|estimated-0)"[^>]* height="([\d.]+)"', see("week", day).content.decode())
    )
    assert float(heights["bar-0"]) == pytest.approx(3 * float(heights["estimated-0"]), abs=0.3)


def test_future_days_are_not_gaps(see, claim):
    """C5: the readings of yesterday may still be on their way."""
    today = datetime.now(CENTRAL).date()
    store(claim.premise, *every_day(today - timedelta(days=20), today - timedelta(days=2)))
    response = see("week", today)
    assert "No readings" not in page_text(response).partition("View as a table")[2].partition("Other days")[0]
    assert "missing" not in shape_counts(response)


def test_a_premise_without_panels_has_no_surplus_column(see, claim):
    """C5"""
    store(claim.premise, *every_day(date(2026, 6, 1), date(2026, 6, 3)))
    html = see().content.decode()
    assert "bar-1" not in html.partition("</defs>")[2]
    assert html.count('<th scope="col" class="num">') == 1


def test_each_row_links_to_its_own_span(see, claim):
    """C5: from the year to its months, from a month to its days."""
    store(claim.premise, *every_day(date(2026, 5, 20), date(2026, 6, 3)))
    assert "?view=month&amp;day=2026-05-01" in see("year", "2026-05-20").content.decode()
    assert "?view=day&amp;day=2026-06-03" in see("month", "2026-06-01").content.decode()


def test_in_spanish_a_decimal_point_stays_a_point(see, claim):
    """C6: as in Mexico and in the CSV; 1,234 would be a thousand times as much to some of its readers."""
    claim.customer.user.language = "es"
    claim.customer.user.save()
    store(claim.premise, usage(date(2026, 6, 1), wh=[9000] * 96), usage(date(2026, 6, 2), wh=[4] * 96))
    response = see("week", "2026-06-02")
    assert 'lang="es"' in response.content.decode()
    assert [row[1] for row in table_rows(response)][:3] == ["864.000", "0.384", "–"]
    assert "864.4 kWh" in page_text(response)
    assert "1,000" in page_text(see("year", "2026-06-02"))  # the scale


# --- Whose it is ------------------------------------------------------------------------------------------------


def test_usage_before_the_customers_service_is_hidden(see, claim):
    """R2, C5: not in the sum, not in the table, not by asking for that day, not in the file."""
    since = date(2026, 6, 10)
    claim.premise.service_since = since
    claim.premise.save()
    store(claim.premise, *every_day(date(2026, 5, 1), date(2026, 6, 30)))
    month = see("month", since)
    assert total_kwh(month, "Consumption") == sum_kwh(every_day(since, date(2026, 6, 30)))
    assert "Your service began on June 10, 2026." in page_text(month)
    assert table_rows(month)[0][0] == "Wed, June 10"
    assert 'rel="prev"' not in month.content.decode()
    for view, day in (("day", "2026-06-09"), ("month", "2026-05-15")):
        refused = see(view, day)
        assert "Choose days from June 10, 2026 to June 30, 2026." in page_text(refused)
        assert total_kwh(refused, "Consumption") == sum_kwh(every_day(since, date(2026, 6, 30)))


def test_usage_of_a_former_holder_is_hidden(see, claim):
    """R2, C5: the TDSP ended that hold and told no day of service."""
    EsiidClaimFactory(premise=claim.premise, until=datetime(2026, 6, 9, 12, tzinfo=CENTRAL))
    store(claim.premise, *every_day(date(2026, 5, 1), date(2026, 6, 30)))
    assert total_kwh(see("year", "2026-06-15"), "Consumption") == sum_kwh(
        every_day(date(2026, 6, 10), date(2026, 6, 30))
    )


@pytest.mark.parametrize("name", ["meter_usage", "usage_download"])
def test_another_customers_meter_does_not_exist(client, claim, name):
    """C5: nor does one that is held no more, nor any for a third party or for staff."""
    store(claim.premise, usage(date(2026, 6, 1)))
    address = reverse(name, args=[claim.pk])
    for user in (CustomerFactory().user, MembershipFactory().user, OperatorFactory()):
        client.force_login(user)
        assert client.get(address).status_code == 404
    client.force_login(claim.customer.user)
    assert client.get(reverse(name, args=[0])).status_code == 404
    assert client.get(address).status_code == 200
    claim.until = datetime.now(UTC)
    claim.save()
    assert client.get(address).status_code == 404


# --- Meters -----------------------------------------------------------------------------------------------------


def test_my_smart_meters_lists_what_the_customer_holds(client, claim):
    """C5: ESIID, meter number, TDSP, since when, newest readings; a meter that was taken away is not there."""
    premise = claim.premise
    premise.service_since = date(2024, 5, 3)
    premise.save()
    MeterFactory(premise=premise, number="98000001", removed_on=date(2025, 1, 1))
    store(premise, *every_day(date(2026, 6, 1), date(2026, 6, 3)))
    EsiidClaimFactory()
    client.force_login(claim.customer.user)
    response = client.get(reverse("my_meters"))
    text = page_text(response)
    for part in (
        premise.address,
        premise.esiid,
        "Meter number 142606737LG",
        premise.tdsp.name,
        "Your service since May 3, 2024",
        "Latest readings June 3, 2026",
    ):
        assert part in text, part
    assert "98000001" not in text
    assert response.content.decode().count("See usage") == 1
    assert reverse("meter_usage", args=[claim.pk]) in response.content.decode()


def test_a_customer_with_several_meters_goes_from_one_to_the_other_in_the_same_days(client, claim):
    """C5"""
    other = EsiidClaimFactory(customer=claim.customer, premise=PremiseFactory(address="9 Pecan Grove Lane"))
    for one in (claim, other):
        store(one.premise, *every_day(date(2026, 6, 1), date(2026, 6, 3)))
    client.force_login(claim.customer.user)
    html = client.get(reverse("usage"), {"view": "week", "day": "2026-06-02"}).content.decode()
    assert f"{reverse('meter_usage', args=[other.pk])}?view=week&amp;day=2026-05-31" in html


def test_a_customer_without_a_meter_is_led_to_add_one(client):
    """C5"""
    client.force_login(CustomerFactory().user)
    for name in ("usage", "my_meters"):
        response = client.get(reverse(name))
        assert "Your account has no meters" in page_text(response)
        assert reverse("customer_add_meter") in response.content.decode()


def test_a_meter_without_readings_says_so_and_what_to_do(client, see, claim):
    """C5: and its download, asked for by its address, says the same."""
    for response in (see(), see("day", "2026-06-01")):
        assert "No usage data yet" in page_text(response)
        assert claim.premise.tdsp.name in page_text(response)
    assert '<svg class="chart' not in see().content.decode()
    days = {"type": "interval", "first": "2026-06-01", "last": "2026-06-02"}
    assert "No usage data yet" in page_text(client.get(reverse("usage_download", args=[claim.pk]), days))


@pytest.mark.parametrize("has_readings", [True, False])
def test_its_pages_are_whole(client, see, claim, has_readings):
    """A1, T2: one heading, nothing inline, no id twice, and every link leads somewhere."""
    EsiidClaimFactory(customer=claim.customer)
    if has_readings:
        store(claim.premise, *every_day(date(2025, 10, 30), date(2025, 11, 4), CONSUMPTION, SURPLUS))
    for view in ("day", "week", "month", "year", "decade"):
        whole(see(view, FALL))
    for name, args in (("usage", []), ("my_meters", []), ("usage_download", [claim.pk])):
        whole(client.get(reverse(name, args=args)))


# --- What it costs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("view", "most"), [("day", 8), ("month", 8), ("year", 12)])
def test_a_page_costs_few_queries_however_many_meters_there_are(see, claim, view, most, django_assert_max_num_queries):
    """R6"""
    store(claim.premise, *every_day(date(2026, 1, 1), date(2026, 3, 31), CONSUMPTION, SURPLUS))
    for _ in range(3):
        store(EsiidClaimFactory(customer=claim.customer).premise, usage(date(2026, 3, 1)))
    with django_assert_max_num_queries(most):
        see(view, "2026-02-03")


def test_my_smart_meters_costs_as_many_queries_for_ten_meters_as_for_one(client, claim, django_assert_max_num_queries):
    """R6"""
    for _ in range(9):
        store(EsiidClaimFactory(customer=claim.customer).premise, usage(date(2026, 3, 1)))
    client.force_login(claim.customer.user)
    with django_assert_max_num_queries(9):
        client.get(reverse("my_meters"))
