"""Messages that ask for readings, in the shapes of Smart Meter Texas (M13 to M19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponseBase

from agreements.masking import customer_for_third_party
from agreements.models import Agreement, ReportType
from api.authentication import Caller
from api.smt.agreements import format_day
from api.smt.failures import SmtFailure
from api.smt.message import SmtMessage, refuse_field
from api.smt.released import (
    NO_READINGS,
    AskedDays,
    FoundRows,
    ReadRows,
    find_rows,
    read_daily,
    read_intervals,
    read_monthly,
    released_agreements,
    send_file,
)
from lib.central_time import CENTRAL
from meters.models import FlowDirection
from meters.usage.days import CLOCKS_CHANGE, FALL, ORDINARY, SPRING
from meters.usage.reader import DayReadings
from reports.coverage import estimated_slots
from reports.formats import FileFormat
from reports.usage_totals import UsageTotal

READING_TYPES = {FlowDirection.CONSUMPTION: "C", FlowDirection.SURPLUS_GENERATION: "G"}
NOT_ON_FILE = "0.000"  # of the fields that the portal has no value for: programs read them as numbers
_CHANNELS = {"C": {FlowDirection.CONSUMPTION}, "G": {FlowDirection.SURPLUS_GENERATION}, "A": set(FlowDirection)}
_FORMATS = {"JSON": "", "CSV": FileFormat.CSV.value, "XML": FileFormat.GREEN_BUTTON.value}
_ONLY = "API Integration is not done. deliveryMode is API; reportFormat is JSON, CSV or XML."
_NO_READING = "-"
_SLOTS = 100  # of an RD text; four of them are the hour that the fall day repeats


def format_kwh(wh: int) -> str:
    return f"{wh // 1000}.{wh % 1000:03}"


def format_revision(at: datetime) -> str:
    return f"{at.astimezone(CENTRAL):%m/%d/%Y %H:%M:%S}"


def rd_text(usage: DayReadings) -> str:
    """Return a day's 100 slots: a value with -A or -E, a lone - where there is none.

    The four slots of the repeated hour are empty on all days but the fall day; those of the hour that the spring day
    does not have are missing readings, so that programs that drop empty slots count 96 (M14).
    """
    values = [
        _NO_READING if wh is None else f"{format_kwh(wh)}-{'E' if is_estimated else 'A'}"
        for wh, is_estimated in zip(usage.wh, estimated_slots(usage), strict=True)
    ]
    before, after = values[:CLOCKS_CHANGE], values[CLOCKS_CHANGE:]
    repeated = {ORDINARY: [""] * 4, SPRING: [""] * 4 + [_NO_READING] * 4, FALL: []}[len(values)]
    slots = [*before, *repeated, *after]
    assert len(slots) == _SLOTS
    return ",".join(slots)


def _intervals(found: FoundRows) -> list[dict[str, str]]:
    return [
        {
            "DT": format_day(row.day),
            "RevTS": format_revision(revision_at),
            "RT": READING_TYPES[FlowDirection(row.channel)],
            "RD": rd_text(row),
        }
        for row, revision_at in found.rows
        if isinstance(row, DayReadings)
    ]


def _totals(found: FoundRows, values: Callable[[UsageTotal], dict[str, str]], has_type: bool) -> list[dict[str, str]]:
    return [
        values(row)
        | {"revisionDate": format_revision(revision_at)}
        | ({"readingType": READING_TYPES[FlowDirection(row.channel)]} if has_type else {})
        for row, revision_at in found.rows
        if isinstance(row, UsageTotal)
    ]


def _daily(total: UsageTotal) -> dict[str, str]:
    registers = {"startReading": NOT_ON_FILE, "endReading": NOT_ON_FILE}
    return {"readDate": format_day(total.first), **registers, "energyDataKwh": format_kwh(total.wh)}


def _monthly(total: UsageTotal) -> dict[str, str]:
    peak = NOT_ON_FILE if total.peak_w is None else format_kwh(total.peak_w)
    days = {"startDate": format_day(total.first), "endDate": format_day(total.last), "periodType": "CALENDAR"}
    return {**days, "actualkWh": format_kwh(total.wh), "meteredKW": peak}


class ReadingKind(NamedTuple):
    """What one of the messages answers: the list's name, from which report types, and how its rows are made."""

    field: str
    own_type: ReportType
    report_types: tuple[ReportType, ...]
    read_rows: ReadRows
    default_reading_type: str
    rows: Callable[[FoundRows, bool], list[dict[str, str]]]


KINDS = {
    "INTERVAL": ReadingKind(
        "energyData",
        ReportType.INTERVAL,
        (ReportType.INTERVAL,),
        read_intervals,
        "A",
        lambda found, _has_type: _intervals(found),
    ),
    "DAILY": ReadingKind(
        "registeredReads",
        ReportType.DAILY,
        (ReportType.INTERVAL, ReportType.DAILY),
        read_daily,
        "C",
        lambda found, has_type: _totals(found, _daily, has_type),
    ),
    "MONTHLY": ReadingKind(
        "billingdata",
        ReportType.MONTHLY,
        (ReportType.INTERVAL, ReportType.DAILY, ReportType.MONTHLY),
        read_monthly,
        "C",
        lambda found, has_type: _totals(found, _monthly, has_type),
    ),
}


def interval_reads(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any] | HttpResponseBase:
    return _answer(request, caller, message, [KINDS["INTERVAL"]])


def daily_reads(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any] | HttpResponseBase:
    return _answer(request, caller, message, [KINDS["DAILY"]])


def monthly_billing(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any] | HttpResponseBase:
    return _answer(request, caller, message, [KINDS["MONTHLY"]])


def energy_data(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any] | HttpResponseBase:
    """Answer the lists of the asked kinds side by side."""
    options = (message.objects("options") or [message])[0]
    names = options.texts("dataTypes") or ["INTERVAL"]
    known = {name: name for name in KINDS}
    chosen = [SmtMessage({"dataTypes": name}).choice("dataTypes", known, "") for name in names]
    return _answer(request, caller, message, [KINDS[name] for name in dict.fromkeys(chosen)])


def green_button(request: HttpRequest, caller: Caller, message: SmtMessage) -> HttpResponseBase:
    """Answer the file of the newest report, whole: it is what the customer released."""
    return send_file(request, caller, _one_esiid(message), tuple(ReportType), FileFormat.GREEN_BUTTON)


def _one_esiid(message: SmtMessage) -> str:
    esiid, *others = message.esiids()
    if others:
        refuse_field("esiid", "To get a file, send only one ESIID.")
    return esiid


def _answer(
    request: HttpRequest, caller: Caller, message: SmtMessage, kinds: list[ReadingKind]
) -> dict[str, Any] | HttpResponseBase:
    if message.text("deliveryMode").upper() not in ("", "API"):
        raise SmtFailure(400, "2076", _ONLY)
    file_format = _FORMATS.get(message.text("reportFormat").upper() or "JSON")
    if file_format is None:
        raise SmtFailure(400, "2076", _ONLY)
    message.choice("version", {"L": "L", "A": "A"}, "L")
    reading_type = message.choice("readingType", {name: name for name in _CHANNELS}, "")
    first, last = message.period()
    esiids = message.esiids()
    if file_format == FileFormat.CSV:
        return send_file(request, caller, _one_esiid(message), [kinds[0].own_type], FileFormat.CSV)
    if file_format:
        return send_file(request, caller, _one_esiid(message), kinds[0].report_types, FileFormat(file_format))

    def of_meter(esiid: str) -> dict[str, Any]:
        answer: dict[str, Any] = {"esiid": esiid}
        days: list[FoundRows] = []
        for kind in kinds:
            channels = frozenset(_CHANNELS[reading_type or kind.default_reading_type])
            found = find_rows(caller, esiid, AskedDays(first, last, channels), kind.report_types, kind.read_rows)
            days.append(found)
            answer[kind.field] = kind.rows(found, reading_type in ("G", "A"))
        covered = {"startDate": min(found.first for found in days), "endDate": max(found.last for found in days)}
        return answer | {name: format_day(day) for name, day in covered.items()}

    return _for_each(esiids, of_meter)


def _for_each(esiids: list[str], of_meter: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the answer for one ESIID flat, for several as a list in which some may have a failure, but not all."""
    if len(esiids) == 1:
        return of_meter(esiids[0])
    rows, failures = [], []
    for esiid in esiids:
        try:
            rows.append(of_meter(esiid))
        except SmtFailure as failure:
            failures.append(failure)
            rows.append({"esiid": esiid, "statusCode": failure.code, "statusReason": failure.text})
    if len(failures) == len(rows):
        raise failures[0]
    return {"esiidData": rows}


def premise_info(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    """Answer the service address as the completed agreement has it."""

    def of_meter(esiid: str) -> dict[str, Any]:
        agreement = _released_agreement(caller, esiid)
        address = {"address": agreement.street, "city": agreement.city, "state": agreement.state}
        return {"esiid": esiid, **address, "zip": agreement.zip_code, "tdsp": agreement.tdsp.name}

    return _for_each(message.esiids(), of_meter)


def meter_info(request: HttpRequest, caller: Caller, message: SmtMessage) -> dict[str, Any]:
    """Answer the meter as the completed agreement has it; before, a meter number would help to guess (T7)."""

    def of_meter(esiid: str) -> dict[str, Any]:
        agreement = _released_agreement(caller, esiid)
        number, utility = agreement.meter_number, agreement.tdsp
        blank = dict.fromkeys(("meterStatus", "installationDate", "LastUpdated"), "")
        meter = {"utilityMeterId": number, "meterSerialNumber": number, "utilityCompanyId": utility.duns}
        return {"esiid": esiid, "MeterData": {**meter, "intervalSetting": "15", **blank}}

    return _for_each(message.esiids(), of_meter)


def _released_agreement(caller: Caller, esiid: str) -> Agreement:
    """Return the newest agreement whose customer is still on record. Raises SmtFailure."""
    for agreement in released_agreements(caller, esiid, tuple(ReportType)):
        if not customer_for_third_party(agreement).is_deleted:
            return agreement
    raise SmtFailure(404, "1", NO_READINGS)
