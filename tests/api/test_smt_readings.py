"""SMT messages that ask for readings: RD texts, totals, what was released, and who learns of it (M12 to M19)."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from agreements.models import Agreement
from agreements.states import ReportState, Status
from companies.models import CompanyStanding
from meters.models import FlowDirection
from meters.usage.days import parse_day
from reports.models import Download
from tests.factories import AgreementFactory, MembershipFactory
from tests.support.api import make_program
from tests.support.report_cases import CASES, DAY, FALL, SPRING, ReportCase, make_report
from tests.support.smt import SmtProgram
from tests.support.usage import every_day, usage, wh_of

pytestmark = pytest.mark.django_db
DATA = ("15minintervalreads", "dailyreads", "monthlybillingInformation", "energydata")
ABOUT_A_METER = (*DATA, "greenbutton", "premiseInfo", "meterInfo")


def program_for(report: Any, *scopes: str) -> SmtProgram:
    administrator = MembershipFactory(company=report.agreement.company, is_administrator=True)
    return SmtProgram(make_program(*scopes, administrator=administrator, name=f"CRM {len(scopes)}"))


def ask(smt: SmtProgram, name: str, report: Any, **fields: Any) -> Any:
    days = {"startDate": f"{report.first_day:%m/%d/%Y}", "endDate": report.last_day.isoformat()}
    return smt.send(name, **{"esiid": report.agreement.esiid, "deliveryMode": "API"} | days | fields)


def failure(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorCode"]


def day_of(case: str, day: date) -> list[str]:
    report = make_report(CASES[case])
    sent = {"readingType": "c", "version": "L", "reportFormat": "json"}
    days = {"startDate": f"{day:%m/%d/%Y}", "endDate": f"{day:%m/%d/%Y}"}
    answer = ask(program_for(report), "15minintervalreads", report, **sent, **days)
    (row,) = answer.json()["energyData"]
    assert (row["DT"], row["RT"]) == (f"{day:%m/%d/%Y}", "C")
    return row["RD"].split(",")


def kwh(wh: int | None) -> str:
    return "-" if wh is None else f"{wh / 1000:.3f}-A"


def test_the_slots_of_an_ordinary_day():
    """M14: slots 8 to 11 are empty."""
    slots = day_of("ordinary day", DAY)
    expected = [kwh(wh) for wh in wh_of(DAY)]
    assert len(slots) == 100 and slots[8:12] == [""] * 4 and slots[:8] + slots[12:] == expected


def test_the_slots_of_the_spring_day():
    """M14: the hour that does not exist is missing, so programs that drop empty slots count 96."""
    slots = day_of("spring", SPRING)
    expected = [kwh(wh) for wh in wh_of(SPRING)]
    assert slots[8:16] == [""] * 4 + ["-"] * 4 and slots[:8] + slots[16:] == expected and len(expected) == 92
    assert len(list(filter(None, slots))) == 96


def test_the_slots_of_the_fall_day():
    """M14: all 100, the first 01:00 hour in 4 to 7, the second in 8 to 11."""
    assert day_of("fall", FALL) == [kwh(wh) for wh in wh_of(FALL)]


def test_the_slots_of_a_day_with_gaps():
    """M14: a missing reading is a lone hyphen."""
    slots = day_of("gaps at noon", DAY)
    assert [number for number, slot in enumerate(slots) if slot == "-"] == [44, 52, 53]


def test_estimated_readings():
    """M14."""
    report = make_report(CASES["estimated"])
    rows = ask(program_for(report), "15minintervalreads", report).json()["energyData"]
    flags = {row["DT"]: [slot.endswith("-E") for slot in row["RD"].split(",") if slot] for row in rows}
    assert sum(flags["06/01/2026"]) == 26 and sum(flags["06/02/2026"]) == 12


def test_a_record_for_each_day_and_direction_and_none_without_readings():
    """M14: by day, C before G; the revision's time, Central; what the answer covers."""
    report = make_report(CASES["surplus generation"])
    smt = program_for(report)
    answer = ask(smt, "15minintervalreads", report, startDate="05/30/2026").json()
    assert [(row["DT"], row["RT"]) for row in answer["energyData"]] == [
        (f"06/0{day}/2026", kind) for day in (1, 2, 3) for kind in "CG"
    ]
    assert answer["energyData"][0]["RevTS"] == "06/02/2026 08:01:06"
    assert (answer["esiid"], answer["endDate"]) == (report.agreement.esiid, "06/03/2026")
    for reading_type, kinds in (("C", {"C"}), ("g", {"G"}), ("A", {"C", "G"})):
        rows = ask(smt, "15minintervalreads", report, readingType=reading_type).json()["energyData"]
        assert {row["RT"] for row in rows} == kinds
    missing = make_report(CASES["whole day missing"])
    rows = ask(program_for(missing), "15minintervalreads", missing).json()["energyData"]
    assert "06/01/2026" not in {row["DT"] for row in rows} and len(rows) == 6


@pytest.mark.parametrize("case", ["surplus generation", "daily", "daily estimated"])
def test_daily_reads(case):
    """M15: texts with three decimals; consumption unless asked otherwise."""
    report = make_report(CASES[case])
    smt = program_for(report)
    rows = ask(smt, "dailyreads", report).json()["registeredReads"]
    assert set(rows[0]) == {"readDate", "revisionDate", "startReading", "endReading", "energyDataKwh"}
    total = sum(round(float(row["energyDataKwh"]) * 1000) for row in rows)
    assert total == report.total_wh[FlowDirection.CONSUMPTION.label]
    assert all(float(row["startReading"]) == 0 and row["revisionDate"] for row in rows)
    if case == "surplus generation":
        rows = ask(smt, "dailyreads", report, readingType="A").json()["registeredReads"]
        assert {row["readingType"] for row in rows} == {"C", "G"}


@pytest.mark.parametrize("case", ["spring", "daily", "monthly", "monthly estimated"])
def test_monthly_billing_information(case):
    """M16: calendar months or parts of them, from whatever was released; every number can be read as one."""
    report = make_report(CASES[case])
    rows = ask(program_for(report), "monthlybillingInformation", report).json()["billingdata"]
    assert {row["periodType"] for row in rows} == {"CALENDAR"}
    assert rows[-1]["endDate"] == f"{report.last_day:%m/%d/%Y}"
    first = parse_day(rows[0]["startDate"])
    assert first == max(report.first_day, first.replace(day=1))
    total = sum(round(float(row["actualkWh"]) * 1000) for row in rows)
    assert total == report.total_wh[FlowDirection.CONSUMPTION.label]
    assert all((float(row["meteredKW"]) > 0) == (case != "daily") for row in rows)


@pytest.mark.parametrize(
    ("case", "answered"),
    [("ordinary day", DATA[:3]), ("daily", DATA[1:3]), ("monthly", DATA[2:3])],
)
def test_only_as_fine_as_the_customer_released(case, answered):
    """M12: else the same answer as for an ESIID that does not exist."""
    report = make_report(CASES[case])
    smt = program_for(report)
    for name in DATA[:3]:
        answer = ask(smt, name, report)
        if name in answered:
            assert answer.status_code == 200, answer.content
        else:
            assert failure(answer) == (403, "1003")
            assert answer.content == ask(smt, name, report, esiid="10443720009999999").content


@pytest.mark.parametrize("name", ABOUT_A_METER)
def test_nothing_before_a_completed_agreement_releases_it(name):
    """M12, M19: pending, under review, another company's, unknown: one answer."""
    report = make_report(CASES["ordinary day"])
    others = make_report(CASES["ordinary day"]).agreement
    smt = program_for(report)
    company = smt.program.company
    pending = AgreementFactory(company=company)
    held = AgreementFactory(company=company, status=Status.COMPLETE, review="held")
    due = AgreementFactory(company=company, status=Status.COMPLETE)
    answers = [ask(smt, name, report, esiid=each.esiid) for each in (pending, held, due, others)]
    answers.append(ask(smt, name, report, esiid=int("10443720009999999")))
    assert {failure(answer) for answer in answers} == {(403, "1003")} and len({a.content for a in answers}) == 1
    assert not Download.objects.exists()


@pytest.mark.parametrize("name", [*DATA, "greenbutton"])
def test_after_the_purge_and_without_data(name):
    """M12: 404 with code 1."""
    report = make_report(CASES["ordinary day"])
    smt = program_for(report)
    for state in (ReportState.PURGED, ReportState.NO_DATA):
        Agreement.objects.update(report_state=state)
        answer = ask(smt, name, report)
        assert failure(answer) == (404, "1")
        assert answer.json()["errorMessage"] == "No data received from the respective TDSP"


def test_days_without_readings():
    """M6, M12: outside of the report, and missing in it; nothing is logged."""
    report = make_report(CASES["whole day missing"])
    smt = program_for(report)
    for day in ("01/01/2020", "06/01/2026"):
        assert failure(ask(smt, "15minintervalreads", report, startDate=day, endDate=day)) == (404, "1")
    assert not Download.objects.exists()


def test_the_newest_report_that_holds_a_day():
    """M12: and older ones for the days before."""
    old = make_report(ReportCase(every_day(DAY, DAY + timedelta(days=3))))
    smt = program_for(old)
    premise, company = old.agreement.premise, old.agreement.company
    later = DAY + timedelta(days=9)
    new = make_report(
        ReportCase([usage(later, wh=[7] * 96)], report_length="1d"), premise=premise, esiid=old.agreement.esiid,
        company=company,
    )  # fmt: skip
    rows = ask(smt, "dailyreads", old, endDate=later.isoformat()).json()["registeredReads"]
    assert len(rows) == 5 and rows[-1]["energyDataKwh"] == "0.672"
    assert Download.objects.filter(report__in=[old, new]).count() == 2


def test_calls_within_a_minute_are_one_download_in_the_customers_log():
    """M12, R5."""
    report = make_report(CASES["ordinary day"])
    smt = program_for(report)
    for name in DATA:
        assert ask(smt, name, report).status_code == 200
    (download,) = Download.objects.all()
    assert download.by == smt.program.user
    Download.objects.update(at=timezone.now() - timedelta(minutes=2))
    ask(smt, "dailyreads", report)
    assert Download.objects.count() == 2


def test_several_meters_in_one_call():
    """M12: one with a failure does not hide the others; only failures are one."""
    first = make_report(CASES["ordinary day"])
    second = make_report(CASES["spring"], company=first.agreement.company)
    smt = program_for(first)
    days = {"startDate": "03/01/2026", "endDate": "06/02/2026"}
    esiids = [first.agreement.esiid, second.agreement.esiid, "10443720009999999"]
    for fields in ({"ESIIDList": esiids}, {"ESIIDMeterList": [{"esiid": esiid} for esiid in esiids]}):
        rows = ask(smt, "dailyreads", first, esiid=None, **days | fields).json()["esiidData"]
        assert [row["esiid"] for row in rows] == esiids
        assert [len(row.get("registeredReads", ())) for row in rows] == [1, 3, 0]
        assert rows[2]["statusCode"] == "1003"
    unknown, too_many = [esiids[2], "10443720009999998"], [f"104437200000000{n}" for n in range(10, 31)]
    for sent, expected in ((unknown, (403, "1003")), (too_many, (400, "1001"))):
        assert failure(ask(smt, "dailyreads", first, esiid=None, ESIIDList=sent)) == expected


def test_the_lists_side_by_side():
    """M17."""
    report = make_report(CASES["ordinary day"])
    smt = program_for(report)
    assert "energyData" in ask(smt, "energydata", report).json()
    answer = ask(smt, "energydata", report, options={"dataTypes": ["daily", "MONTHLY"]}).json()
    assert {"registeredReads", "billingdata"} <= set(answer) and "energyData" not in answer
    assert failure(ask(smt, "energydata", report, options={"dataTypes": "WEEKLY"})) == (400, "1001")


def test_files_as_they_are():
    """M13, M18: the CSV and Green Button files of the newest report, by POST, whole and logged."""
    report = make_report(CASES["surplus generation"])
    smt = program_for(report)
    answer = ask(smt, "15minintervalreads", report, reportFormat="csv")
    content = b"".join(answer.streaming_content)
    assert answer["Content-Type"].startswith("text/csv") and list(csv.reader(io.StringIO(content.decode())))[1]
    for name, fields in (("greenbutton", {}), ("dailyreads", {"reportFormat": "XML"})):
        answer = ask(smt, name, report, **fields)
        assert answer["Content-Type"].startswith("application/atom+xml")
        assert b"<feed" in b"".join(answer.streaming_content)
    assert failure(ask(smt, "dailyreads", report, reportFormat="CSV")) == (403, "1003")
    assert Download.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"deliveryMode": "FTP"}, (400, "2076")),
        ({"deliveryMode": "EML"}, (400, "2076")),
        ({"reportFormat": "LSE"}, (400, "2076")),
        ({"readingType": "X"}, (400, "1001")),
        ({"version": "X"}, (400, "1001")),
        ({"startDate": None}, (400, "1001")),
        ({"startDate": "2026/06/01"}, (400, "1001")),
        ({"startDate": "02/29/2026"}, (400, "1001")),
        ({"startDate": "06/09/2026"}, (400, "1001")),
        ({"startDate": "06/01/2025"}, (400, "1001")),
        ({"esiid": None}, (400, "1001")),
        ({"esiid": "123"}, (400, "1001")),
        ({"esiid": ["10443720001234567", 5]}, (400, "1001")),
    ],
)
@pytest.mark.parametrize("name", DATA)
def test_fields_that_are_missing_or_malformed(name, fields, expected):
    """M6, M13."""
    report = make_report(CASES["ordinary day"])
    answer = ask(program_for(report), name, report, **{"endDate": "06/02/2026"} | fields)
    assert failure(answer) == expected
    if expected[1] == "2076":
        assert answer.json()["errorMessage"].startswith("API Integration is not done.")
    if fields.get("startDate", "x") in (None, "2026/06/01", "02/29/2026"):
        assert answer.json()["errorMessage"] == "Invalid Date. Expected format of: startDate is MM/dd/yyyy"


@pytest.mark.parametrize("name", ABOUT_A_METER)
def test_who_may_not_download(name):
    """M6, P3: without the scope, and a company that is suspended."""
    report = make_report(CASES["ordinary day"])
    assert failure(ask(program_for(report, "agreements:read"), name, report)) == (403, "1004")
    smt = program_for(report)
    smt.program.company.standing = CompanyStanding.SUSPENDED
    smt.program.company.save()
    assert failure(ask(smt, name, report)) == (403, "1004")
    assert not Download.objects.exists()


def test_premise_and_meter_of_a_completed_agreement():
    """M19: from its own record, until the customer's data is deleted."""
    report = make_report(CASES["ordinary day"])
    smt, agreement = program_for(report), report.agreement
    premise = ask(smt, "premiseInfo", report).json()
    assert (premise["address"], premise["zip"]) == ("206 Boxwood Drive", "77520") and premise["tdsp"]
    meter = ask(smt, "meterInfo", report).json()["MeterData"]
    assert meter["utilityMeterId"] == meter["meterSerialNumber"] == agreement.meter_number
    assert (meter["utilityCompanyId"], meter["intervalSetting"]) == (agreement.tdsp.duns, "15")
